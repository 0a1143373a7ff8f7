package rng

import (
	"math/bits"
	"math/rand/v2"
)

// New returns a generator at the start of the stream (seed, name, at).
func New(seed uint64, name string, at ...uint64) *rand.Rand {
	var s Stream
	s.Reset(seed, name, at...)
	return rand.New(&s.pcg)
}

// Permutation fills dst with 0..len(dst)-1, shuffled by the stream
// (seed, name, at).
func Permutation(dst []int32, seed uint64, name string, at ...uint64) {
	var s Stream
	s.Reset(seed, name, at...)
	for i := range dst {
		j := s.IntN(i + 1)
		dst[i] = dst[j]
		dst[j] = int32(i)
	}
}

// Stream is a generator for draws per image: it allocates nothing. It must be
// Reset before use.
type Stream struct{ pcg rand.PCG }

// Reset goes to the start of the stream (seed, name, at).
func (s *Stream) Reset(seed uint64, name string, at ...uint64) {
	s.pcg.Seed(hash(mix(seed), name, at), hash(mix(^seed), name, at))
}

// Uniform returns a number in [lo,hi).
func (s *Stream) Uniform(lo, hi float64) float64 {
	unit := float64(s.pcg.Uint64()>>11) / (1 << 53)
	// The conversion forbids a fused multiply-add, whose rounding would differ
	// between architectures.
	return lo + float64((hi-lo)*unit)
}

// Bell returns a number with mean 0, standard deviation 1 and magnitude at most 3.5,
// close enough to normal for noise. It is the standardised sum of four uniform
// numbers of 16 bits.
func (s *Stream) Bell() float32 {
	const largest, sigma = 1<<16 - 1, 37837.2272
	bits := s.pcg.Uint64()
	sum := bits>>48 + bits>>32&largest + bits>>16&largest + bits&largest
	return (float32(sum) - 2*largest) / sigma
}

// IntN returns an integer in [0,n). It panics if n < 1.
func (s *Stream) IntN(n int) int {
	if n < 1 {
		panic("rng.Stream.IntN: n < 1")
	}
	// The high word of the product with 64 random bits: the bias is below
	// n/2^64, and every n takes one draw.
	high, _ := bits.Mul64(s.pcg.Uint64(), uint64(n))
	return int(high)
}

// hash folds name and at into h. Lengths are folded too, so that ("a", 1) and
// ("a", 1, 0) differ.
func hash(h uint64, name string, at []uint64) uint64 {
	for i := range len(name) {
		h = mix(h ^ uint64(name[i]))
	}
	h = mix(h ^ uint64(len(name)))
	for _, v := range at {
		h = mix(h ^ v)
	}
	return mix(h ^ uint64(len(at)))
}

// mix is the output function of SplitMix64: a bijection in which every input
// bit reaches every output bit.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
