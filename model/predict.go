package model

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/tensor"
)

// Prediction is what a model says of one image. If its logits overflow, it is Outside,
// of the Label -1 and no class, and has neither probabilities nor logits.
type Prediction struct {
	Label         int       `json:"label"` // index of the class
	Class         string    `json:"class"`
	Probabilities []float32 `json:"probabilities"` // [K], the softmax of the logits
	Logits        []float32 `json:"logits"`        // [K]
	// Outside is set if the logits are far beyond those of training images: the
	// image is unlike them, and the answer means nothing.
	Outside bool `json:"outside"`
}

// Predict classifies a picture of any size and colour, converted as
// dataset.FromImage says.
func (m *Model) Predict(img image.Image) (Prediction, error) {
	list, err := m.PredictBatch([]image.Image{img})
	if err != nil {
		return Prediction{}, err
	}
	return list[0], nil
}

// PredictBatch classifies several pictures at once.
func (m *Model) PredictBatch(images []image.Image) ([]Prediction, error) {
	pixels := make([][]uint8, len(images))
	for i, img := range images {
		var err error
		if pixels[i], err = m.Pixels(img); err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
	}
	out := make([]Prediction, len(images))
	err := m.run(len(images), func(i int, x []float32) {
		m.Normalisation.Apply(x, pixels[i])
	}, func(i int, y []float32) {
		p := &out[i]
		p.Label, p.Outside = -1, m.outside(y)
		if !finite(spread(y)) {
			return
		}
		p.Logits, p.Probabilities = slices.Clone(y), make([]float32, len(y))
		engine.Softmax(p.Probabilities, y)
		p.Label = argmax(y)
		p.Class = m.Classes[p.Label]
	})
	return out, err
}

// Pixels converts a picture of any size and colour to the pixels that the model
// takes, [H,W,C], as dataset.FromImage says.
func (m *Model) Pixels(img image.Image) ([]uint8, error) {
	in := m.Net.Input
	if in.C != 1 && in.C != 3 {
		return nil, fmt.Errorf("%w: it takes %d channels, pictures have 1 or 3", ErrShape, in.C)
	}
	if img.Bounds().Empty() {
		return nil, errors.New("the picture is empty")
	}
	return dataset.FromImage(img, in.H, in.W, in.C), nil
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// argmax is the index of the largest logit, the first of equals.
func argmax(y []float32) int {
	best := 0
	for k, v := range y {
		if v > y[best] {
			best = k
		}
	}
	return best
}

// Logits evaluates images x [N,H,W,C] of pixels scaled to 0..1 and returns
// their logits [N,K]. It refuses other shapes and pixels that are no finite
// number.
func (m *Model) Logits(x tensor.Tensor) (tensor.Tensor, error) {
	in, size := m.Net.Input, m.Net.Input.Size()
	n := len(x.Data) / size
	if !slices.Equal(x.Shape, []int{n, in.H, in.W, in.C}) || len(x.Data) != n*size {
		return tensor.Tensor{}, fmt.Errorf("%w: shape %v with %d values, want [N,%d,%d,%d]", ErrShape, x.Shape, len(x.Data), in.H, in.W, in.C)
	}
	for i, v := range x.Data {
		if !finite(v) {
			return tensor.Tensor{}, fmt.Errorf("image %d has the pixel value %v at %d", i/size, v, i%size)
		}
	}
	out := tensor.New(n, len(m.Classes))
	err := m.run(n, func(i int, dst []float32) {
		for j, v := range x.Data[i*size:][:size] {
			c := j % in.C
			dst[j] = (v - m.Normalisation.Mean[c]) / m.Normalisation.Std[c]
		}
	}, func(i int, y []float32) {
		copy(out.Data[i*len(y):], y)
	})
	return out, err
}
