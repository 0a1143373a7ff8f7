// Package engine is the boundary between networks and what computes them. An Engine
// takes a whole network and returns programs that evaluate it or compute its gradient.
// engine/cpu is the engine for CPUs, and engine/enginetest the suite of tests that
// every engine must pass.
//
// The package also has what all engines share: the initial parameters (Init), networks
// without norms (Fold), and the loss (CrossEntropy).
package engine
