// Package layer computes each operation of a network, forward and backward, over the
// loops of internal/kernel.
//
// A Layer is an operation compiled for one input shape and a largest number of images.
// It holds Window and packed weights, which all workers share. What a pass must
// remember is in the caller's buffers and scratch.
package layer
