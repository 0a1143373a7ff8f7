// Package peak measures the processor's rate of multiply-adds, the mark that
// the benchmarks of the kernels are held against.
package peak
