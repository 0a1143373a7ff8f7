// Package nearest finds what a mistyped word was meant to be.
package nearest
