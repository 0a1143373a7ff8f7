// Package train trains networks. It holds the training loop, its settings and recipes,
// and the run folder with metrics and checkpoints.
//
// The outcome of a run depends on its Config, its data and its teacher, if it has one.
// Weights are bit-identical for any number of workers. A run that was interrupted, by a
// signal or by kill -9, resumes from its last checkpoint and produces bit-identical
// weights. The test images are evaluated once, when everything else is done; they choose
// nothing.
package train
