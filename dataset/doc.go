// Package dataset reads labelled images and turns them into network inputs.
//
//	data, err := dataset.Load(ctx, "digits", dataset.Options{})
//	if err != nil {
//		return err
//	}
//	training, validation, err := data.Train.All().Split(0.1, 1)
//	norm := dataset.MeasureNormalisation(training)
//	sampler, err := dataset.NewSampler(training, norm, dataset.Augment{Shift: 1}, 1)
//
// Load finds a data set by name (the embedded digits, MNIST, Fashion-MNIST,
// CIFAR-10) or reads a folder; package fetch downloads a missing one. Images stay
// bytes, [N,H,W,C]. A Sampler normalises and augments them one at a time, in the
// goroutine that needs them, so that a training run holds no float copy of its
// data. Package train does all of this by itself.
//
// Normalisation is measured on the training part, and validation images are
// split off that part, so that the test part serves only for the final figure.
//
// Whatever the bytes, no reader panics, and none allocates beyond a bound set by
// the size of its input.
package dataset
