// Package optim updates the parameters of a network: optimisers, schedules of
// the learning rate, clipping of gradients, and averaging of weights.
//
//	opt := optim.AdamW{WeightDecay: 0.01}.New(len(params), nil)
//	schedule := optim.Cosine{Peak: 0.001, WarmUp: 0.1}
//	for step := range steps {
//		// ... compute grads at params
//		opt.Step(params, grads, schedule.At(step, steps))
//	}
//
// Everything works on one flat vector of parameters and one of gradients, both
// of the same length, and allocates nothing after New. The same calls give the
// same bits: every sum runs in a fixed order. A field for which 0 means a default says
// so. The Validate methods report every setting that is out of bounds.
//
// Sources: AdamW is after Loshchilov and Hutter, "Decoupled weight decay regularization"
// (arXiv 1711.05101). SGD's Nesterov form is after Sutskever et al., "On the
// importance of initialization and momentum in deep learning" (ICML 2013). Muon is after
// Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024), with
// the step length of Liu et al., "Muon is scalable for LLM training" (arXiv 2502.16982).
// OneCycle is after Smith and Topin, "Super-convergence" (arXiv 1708.07120). The
// arithmetic of each is that of PyTorch's class of the same name.
package optim
