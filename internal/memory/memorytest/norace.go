//go:build !race

package memorytest

// Race reports whether the race detector is built in. What grows by append then allocates
// about twice as much.
const Race = false
