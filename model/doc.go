// Package model holds a trained network that is ready for use.
//
//	m, err := model.Load("model.safetensors")
//	if err != nil {
//		return err
//	}
//	p, err := m.Predict(img) // an image.Image of any size and colour
//	fmt.Println(p.Class, p.Probability, p.Outside)
//
// A model is a network in the notation of package spec, with its parameters,
// normalisation and class names, in one safetensors file. It classifies pictures
// (Predict) and tensors (Logits), and is evaluated on labelled images (Evaluate).
// Package train makes models, package pretrained comes with some, and package taylor
// reads what they compute.
//
// A Model does not change once made, and its methods may be called from several
// goroutines at once. If the context of a call ends, the error wraps its cause.
package model
