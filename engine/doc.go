// Package engine is the boundary between networks and what computes them: an
// Engine takes a whole network and returns programs that evaluate it or
// compute its gradient. engine/cpu is the one for processors;
// engine/enginetest is the suite that every engine must pass.
package engine
