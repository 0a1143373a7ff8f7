// Package dataset reads labelled images and turns them into network inputs.
//
// Load finds a data set by name (the embedded digits, MNIST, Fashion-MNIST,
// CIFAR-10) or reads a folder; FetchSet downloads what is not there. Images stay
// bytes, [N,H,W,C]: a Sampler normalises and augments one at a time, in the
// worker that needs it, so that a training run holds no float copy of its data.
//
// Normalisation is measured on the training part and a validation part is split
// off it, so that the test part serves for nothing but the final figure.
//
// Readers take bytes from anywhere: none panics, or allocates beyond a bound
// set by its input's own size, whatever the bytes.
package dataset
