// Package model holds a trained network that is ready for use. A model is its
// notation, parameters, normalisation and class names, in one safetensors file.
// It classifies pictures and tensors, and is evaluated on labelled images.
//
// A Model does not change once made, and its methods may be called from several
// goroutines at once.
package model
