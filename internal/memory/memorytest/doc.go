// Package memorytest measures memory, for tests.
package memorytest
