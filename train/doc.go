// Package train trains networks: the loop, its settings, metrics, checkpoints
// and run folders.
//
// A run is determined by its Config and its data: weights are bit-identical
// for any number of workers, and a run that was interrupted, by a signal or by
// kill -9, goes on from its last checkpoint to the very bytes that it would
// have come to without the interruption. The test part of the data is
// evaluated once, when all is done.
package train
