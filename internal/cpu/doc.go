// Package cpu says which SIMD instructions the kernels use.
package cpu
