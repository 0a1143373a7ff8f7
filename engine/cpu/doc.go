// Package cpu is the engine for processors.
//
// A network is compiled into a plan: the list of its layers and the buffers
// they work on, laid out once. Work goes depth first: a batch is cut into
// micro-batches, and one worker takes one micro-batch through the whole net,
// forward and backward, while its feature maps are still in cache. Gradients
// gather in a fixed number of accumulators, each filled by a fixed run of
// micro-batches and summed in a fixed order, so that a result does not depend
// on the number of workers, to the bit.
package cpu
