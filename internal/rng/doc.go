// Package rng makes named streams of random numbers from a random seed.
//
// A stream depends only on a seed, a name and any number of indices, such as an
// epoch and an image. What one part of a run draws never shifts what another
// draws, and a resumed run needs no generator state. Streams that differ in any
// of the three are unrelated. The numbers never change between versions, because
// runs are reproduced from their seeds.
//
// The generator is PCG-DXSM of math/rand/v2. Its 128 bits of state are a hash
// of seed, name and indices, built from the finaliser of SplitMix64 (Steele,
// Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
package rng
