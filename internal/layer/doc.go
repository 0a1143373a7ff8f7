// Package layer computes each operation of a network, forward and backward,
// over the loops of internal/kernel. It has no optimiser, no files and no
// global state.
//
// A Layer is an operation compiled for one input shape and a largest number of
// images. It holds geometry and packed weights, which all workers share; what
// a pass must remember lives in the caller's buffers and scratch.
package layer
