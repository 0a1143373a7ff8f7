// Package rng gives named, seeded streams of random numbers.
//
// A stream is fixed by a seed, a name and any number of indices (an epoch, an
// image) alone: what one part of a run draws never shifts what another draws,
// and a resumed run needs no generator state. Streams that differ in any of
// the three are unrelated. The numbers are stable for ever: runs are
// reproduced from their seeds.
//
// The generator is PCG-DXSM of math/rand/v2; its 128 bits of state are a hash
// of seed, name and indices, built from the finaliser of SplitMix64 (Steele,
// Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
package rng
