// Package peak measures the processor's rates of multiply-adds and of copying. They
// are the limits that kernels and whole networks are compared with.
package peak
