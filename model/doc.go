// Package model is a trained network ready for use: its notation, parameters,
// normalisation and class names, in one safetensors file; predictions on
// pictures and tensors; evaluation on labelled images.
//
// A Model does not change once made, and all its methods may be called from
// several goroutines at once.
package model
