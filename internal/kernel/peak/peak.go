package peak

import (
	"github.com/coarsegrain/taylornet/internal/cpu"
	"github.com/coarsegrain/taylornet/tensor"
)

// FMA does n rounds of independent multiply-adds on one core and returns the number
// of floating-point operations. It uses the vectors of the given level, which are
// single numbers at the portable level.
func FMA(level cpu.Level, n int) int {
	const perRound = chains * 2
	return n * perRound * fma(level, n)
}

// chains is the number of multiply-adds per round. They do not wait for each other.
const chains = 12

// fmaPortable does twelve multiply-adds per round. It returns their sum, so that the
// compiler keeps them.
//
//go:noinline
func fmaPortable(sum *float32, rounds int, a float32) {
	var x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11 float32
	for range rounds {
		x0, x1, x2, x3 = x0*a+a, x1*a+a, x2*a+a, x3*a+a
		x4, x5, x6, x7 = x4*a+a, x5*a+a, x6*a+a, x7*a+a
		x8, x9, x10, x11 = x8*a+a, x9*a+a, x10*a+a, x11*a+a
	}
	*sum = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11
}

// Copy is memory to copy from and to.
type Copy struct{ to, from []float32 }

// NewCopy returns memory of the given number of bytes, at least eight. Half of it is
// read and half is written.
func NewCopy(bytes int) Copy {
	n := max(bytes/8, 1)
	c := Copy{to: tensor.Alloc[float32](n), from: tensor.Alloc[float32](n)}
	for i := range c.from {
		c.from[i] = float32(i) // so that the system provides real memory
	}
	return c
}

// Run copies once and returns the number of bytes read and written.
func (c Copy) Run() int { return 8 * copy(c.to, c.from) }
