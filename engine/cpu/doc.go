// Package cpu is the engine for CPUs.
//
// A network is compiled into a plan: the list of its layers and the buffers they work
// on, laid out once. Work goes depth first. A batch is cut into micro-batches, and one
// worker takes one micro-batch through the whole network, forward and backward, while
// its feature maps are still in cache. Gradients are summed in a fixed number of
// accumulators, each over a fixed run of micro-batches, and then over the accumulators
// in a fixed order. The result is therefore bit-identical for any number of workers.
package cpu
