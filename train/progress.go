package train

// Progress is how far a run is, as of its last step.
type Progress struct {
	Epoch, Epochs   int     // the epoch in progress, counted from 1
	Step, Steps     int     // steps made in it, and the steps per epoch
	Loss, Accuracy  float64 // mean over the epoch so far
	ImagesPerSecond float64 // over the epoch so far
	// Finished holds the epoch's metrics once it is evaluated; nil before.
	Finished *Metrics
}

// report calls Options.Progress, if there is one; finished is nil within an epoch.
func (r *run) report(epoch int, finished *Metrics) {
	if r.opts.Progress == nil {
		return
	}
	p := Progress{Epoch: epoch + 1, Epochs: r.Config.Epochs, Step: r.Step - epoch*r.perEpoch, Steps: r.perEpoch, Finished: finished}
	if finished != nil {
		p.Loss, p.Accuracy, p.ImagesPerSecond = finished.TrainLoss, finished.TrainAccuracy, finished.ImagesPerSecond
	} else {
		images := float64(r.Partial.Images)
		p.Loss, p.Accuracy, p.ImagesPerSecond = r.Partial.Loss/images, float64(r.Partial.Correct)/images, images/r.Partial.Seconds
	}
	r.opts.Progress(p)
}
