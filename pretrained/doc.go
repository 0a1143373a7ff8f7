// Package pretrained holds trained models by name, in the binary of whoever imports it.
//
//	m, err := pretrained.Load("mnist")
//	if err != nil {
//		return err
//	}
//	p, err := m.Predict(img) // an image.Image
//
// The README in the folder says how each model was made, and what it is good for.
package pretrained
