// Package kernel holds the inner loops: the products of convolutions and
// linear layers, the coarse-graining polynomial, and the per-channel passes of
// normalisation, each forward and backward.
//
// Every kernel has a portable form, generic over float32 and float64, that is
// always compiled and defines what the kernel does; the float64 instance is
// the reference in tests. Assembly forms for float32 stand beside it and are
// chosen by cpu.Active. No kernel starts a goroutine or allocates.
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
