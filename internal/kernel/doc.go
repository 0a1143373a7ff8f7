// Package kernel holds the inner loops: the products of convolutions and
// linear layers, the coarse-graining polynomial, and the per-channel passes of
// normalisation, each forward and backward.
//
// Every kernel has a portable form, generic over float32 and float64. It is always
// compiled and defines what the kernel does; tests use the float64 instance as the
// reference. For float32 there are forms in AVX2 and AVX-512, which cpu.Active
// chooses and the build tag purego leaves out. They use fused multiply-adds and
// differ from the portable form only in rounding. No kernel starts a goroutine or
// allocates. For given sizes and level the order of every sum is fixed.
//
// The files *_amd64.s and *_stub_amd64.go are written by go generate from the
// programs in _asm, a module of its own.
//
// # Buffers
//
// Feature maps are [N,H,W,C], channels innermost. A buffer that windows read
// begins with a zero pixel: Head(C) zeros, then the feature maps. Padding is an
// index into those zeros, so that no kernel needs to know about borders.
//
// The exported functions check their arguments. A wrong size is a programmer's
// error: they panic with "kernel.Func: reason".
package kernel
