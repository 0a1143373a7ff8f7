// Package tensor holds shapes and contiguous storage. It does no arithmetic.
//
// Feature maps are stored as [N,H,W,C], channels innermost, so that a vector
// register is a slice of channels.
package tensor
