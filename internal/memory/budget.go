package memory

import (
	"fmt"
	"math"
	"sync"
	"unsafe"

	"github.com/coarsegrain/taylornet/tensor"
)

// The budgets in bytes.
const (
	// unknown is taken for the memory of a machine that does not tell.
	unknown = 4 << 30
	// The work that a file asks for may take perFile, and perByte for each byte after the
	// first freeBytes: as much as trained models of a few megabytes take on 64 processors.
	perFile   = 104 << 20
	freeBytes = 1 << 20
	perByte   = 256
)

// Default returns the budget of a program in bytes: half of the memory of the machine or
// of the program's control group, whichever is less.
var Default = sync.OnceValue(func() int64 {
	total := physical()
	if total <= 0 {
		total = unknown
	}
	if limit := group(); limit > 0 {
		total = min(total, limit)
	}
	return total / 2
})

// Or returns the budget, or Default if it is 0.
func Or(budget int64) int64 {
	if budget == 0 {
		return Default()
	}
	return budget
}

// Rest returns what is left of a budget, 0 meaning Default, of which so many bytes are
// held. It is at least 1, because 0 would mean Default.
func Rest(budget int64, held float64) int64 {
	return int64(max(1, float64(Or(budget))-held))
}

// Of returns the size of n elements of type T in bytes.
func Of[T tensor.Float](n float64) float64 {
	var zero T
	return n * float64(unsafe.Sizeof(zero))
}

// ForFile returns the budget of the work that a file of so many bytes asks for, if the
// user has given none: a file can hold a network or a picture that is far larger than
// the file.
func ForFile(bytes int64) int64 {
	if bytes > math.MaxInt64/perByte-perFile {
		return Default()
	}
	return min(Default(), perFile+perByte*max(0, bytes-freeBytes))
}

// Check returns an error that wraps tensor.ErrMemory if a need in bytes is over the
// budget, 0 meaning Default. The need is a float64, so that products do not overflow.
// What is needed for begins the error, as in "the feature maps of the network".
func Check(budget int64, need float64, what string) error {
	if budget = Or(budget); need <= float64(budget) {
		return nil
	}
	return fmt.Errorf("%s would take %s of memory, but only %s may be used: %w", what, Text(need), Text(float64(budget)), tensor.ErrMemory)
}

// Text returns a number of bytes in words, as in "1.5 GB".
func Text(bytes float64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB", "PB", "EB"}
	unit := 0
	for bytes >= 999.5 && unit < len(units)-1 {
		bytes /= 1000
		unit++
	}
	switch {
	case bytes >= 1e6:
		return fmt.Sprintf("over %.0e %s", bytes, units[unit])
	case unit > 0 && bytes < 9.95:
		return fmt.Sprintf("%.1f %s", bytes, units[unit])
	}
	return fmt.Sprintf("%.0f %s", bytes, units[unit])
}
