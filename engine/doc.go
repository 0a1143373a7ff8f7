// Package engine is the boundary between networks and what computes them. An Engine
// takes a whole network and returns programs that evaluate it or compute its gradient.
//
//	program, err := cpu.New().Compile(net, params, engine.Options{})
//	if err != nil {
//		return err
//	}
//	program.Run(len(images),
//		func(i int, x []float32) { copy(x, images[i]) },          // [H,W,C]
//		func(i int, y []float32) { logits[i] = slices.Clone(y) }) // [K]
//
// Package engine/cpu is the engine for CPUs. Another engine implements Engine and passes
// the suite of package engine/enginetest. Most programs need neither: package model
// classifies pictures, and package train trains networks.
//
// The package also has what all engines share: the initial parameters (Init), networks
// without norms (Fold), and the loss (CrossEntropy).
package engine
