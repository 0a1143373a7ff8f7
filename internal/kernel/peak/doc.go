// Package peak measures what the processor can do, the mark that the kernels
// and whole nets are held against: its rate of multiply-adds and its rate of
// copying.
package peak
