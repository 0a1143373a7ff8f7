// Package memory bounds what a piece of work may hold. An estimate is compared with a
// budget before anything is allocated, so that a small input cannot take all memory.
package memory
