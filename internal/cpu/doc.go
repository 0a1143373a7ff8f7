// Package cpu chooses the SIMD instructions that kernels use.
package cpu
