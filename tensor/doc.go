// Package tensor holds the shapes of feature maps and the storage that networks compute
// on. It does no arithmetic.
//
//	x := tensor.New(100, 28, 28, 1) // a hundred grey images of 28x28, all zero
//	pixels := x.Data[:28*28]        // the first of them
//
// Feature maps are stored as [N,H,W,C], channels innermost, so that a vector register
// holds several channels of one site. Package model evaluates tensors of images.
package tensor
