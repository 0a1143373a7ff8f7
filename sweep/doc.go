// Package sweep trains networks with several settings and several random seeds, and
// compares the outcomes.
//
// A Plan lists variations, each of them a train.Config with a name and a folder. Every
// variation is trained with the same seeds. Each run is a run folder as package train
// makes it, and gets a ResultFile when it is finished. A sweep that was interrupted, by a
// signal or by kill -9, resumes and produces the same results.
//
// Results give the mean over the seeds, the standard deviation and Student's 95 %
// interval for each variation, and the mean difference from the first variation, seed by
// seed. Variations are compared on the validation images. Results hold test accuracies
// only if the plan says so.
package sweep
