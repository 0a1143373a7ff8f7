// Package kernel holds the inner loops: the products of convolutions and
// linear layers, the coarse-graining polynomial, and the per-channel passes of
// normalisation, each forward and backward.
//
// Every kernel has a portable form, generic over float32 and float64, that is
// always compiled and defines what the kernel does; the float64 instance is
// the reference in tests. Forms for float32 in AVX2 and AVX-512 stand beside it
// and are chosen by cpu.Active; the build tag purego leaves them out. They
// differ from the portable form in rounding only: they use fused multiply-adds.
// No kernel starts a goroutine or allocates, and for given sizes and level the
// order of every sum is fixed.
//
// The files *_amd64.s and *_stub_amd64.go are written by go generate from the
// programs in _asm, a module of its own.
//
// # Buffers
//
// Feature maps are [N,H,W,C], channels innermost. A buffer that windows read
// begins with a zero pixel: Head(C) zeros, then the feature maps. Padding is
// an index into those zeros, so that no kernel knows about borders.
//
// Arguments are checked in the exported functions, which panic with
// "kernel.Func: reason": a wrong size here is a programmer's error.
package kernel
