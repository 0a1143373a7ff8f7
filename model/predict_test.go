package model_test

import (
	"errors"
	"image"
	"math"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/tensor"
)

// pixel is a picture of a single colour and any size.
func pixel(r, g, b uint8, w, h int) image.Image {
	img := image.NewRGBA(image.Rect(-3, 5, w-3, h+5))
	for i := 0; i < len(img.Pix); i += 4 {
		copy(img.Pix[i:], []uint8{r, g, b, 0xff})
	}
	return img
}

func TestPredict(t *testing.T) {
	m := brightest(t)
	for _, tt := range []struct {
		img   image.Image
		class string
	}{
		{pixel(200, 100, 50, 1, 1), "red"},
		{pixel(10, 100, 50, 7, 3), "green"},
		{pixel(10, 20, 50, 2, 90), "blue"},
		{pixel(9, 9, 9, 1, 1), "red"}, // of equals the first
	} {
		p, err := m.Predict(tt.img)
		if err != nil {
			t.Fatal(err)
		}
		if p.Class != tt.class || m.Classes()[p.Label] != p.Class {
			t.Errorf("class %d, %q, want %q", p.Label, p.Class, tt.class)
		}
		r, g, b, _ := tt.img.At(-3, 5).RGBA()
		var want []float64
		var sum float64
		for _, v := range []uint32{r, g, b} {
			want = append(want, float64(v>>8)/255)
			sum += math.Exp(float64(v>>8) / 255)
		}
		tol := func(int) float64 { return 1e-6 }
		if err := approx.Slices(p.Logits, want, tol); err != nil {
			t.Errorf("logits: %v", err)
		}
		for i := range want {
			want[i] = math.Exp(want[i]) / sum
		}
		if err := approx.Slices(p.Probabilities, want, tol); err != nil {
			t.Errorf("probabilities: %v", err)
		}
	}
}

// A batch is its pictures one by one, and pictures are the tensors of their
// pixels.
func TestPredictBatch(t *testing.T) {
	m := compile(t, config(t, "Input(6,6,1) Conv(3,3,4,1,1,1) Norm CG(2,2,4,2,2) Linear(2)", "a", "b"))
	set := &dataset.Set{Classes: m.Classes(), H: 6, W: 6, C: 1}
	var images []image.Image
	x := tensor.New(9, 6, 6, 1)
	for i := range 9 {
		for j := range 36 {
			set.Pixels = append(set.Pixels, uint8(i*50+j*j*3))
			x.Data[i*36+j] = float32(set.Pixels[i*36+j]) / 255
		}
	}
	for i := range 9 {
		images = append(images, set.Picture(i))
	}
	batch, err := m.PredictBatch(t.Context(), images)
	if err != nil {
		t.Fatal(err)
	}
	logits, err := m.Logits(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range batch {
		one, err := m.Predict(images[i])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(one.Logits, p.Logits) || one.Label != p.Label {
			t.Errorf("picture %d alone %v, in a batch %v", i, one, p)
		}
		var want []float64
		for _, v := range p.Logits {
			want = append(want, float64(v))
		}
		if err := approx.Slices(logits.Data[2*i:][:2], want, func(k int) float64 { return 1e-4 * math.Max(1, math.Abs(want[k])) }); err != nil {
			t.Errorf("picture %d as a tensor: %v", i, err)
		}
	}
	if none, err := m.PredictBatch(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("no pictures: %v, error %v", none, err)
	}
}

func TestPredictRefuses(t *testing.T) {
	m := brightest(t)
	_, err := m.PredictBatch(t.Context(), []image.Image{pixel(1, 2, 3, 1, 1), image.NewGray(image.Rect(4, 4, 4, 9))})
	oneLine(t, err, "image 1: the picture is empty")

	spectral := compile(t, config(t, "Input(1,1,2) Linear(2)", "a", "b"))
	_, err = spectral.Predict(pixel(1, 2, 3, 1, 1))
	oneLine(t, err, "it takes 2 channels, pictures have 1 or 3")
	if !errors.Is(err, model.ErrShape) {
		t.Errorf("error %v does not wrap ErrShape", err)
	}
}

func TestLogitsRefuses(t *testing.T) {
	m := brightest(t)
	for _, x := range []tensor.Tensor{
		{},
		tensor.New(3),
		tensor.New(1, 3, 1, 1),
		tensor.New(1, 1, 1, 3, 1),
		{Shape: []int{2, 1, 1, 3}, Data: make([]float32, 3)},
		{Shape: []int{1, 1, 1, 3}, Data: make([]float32, 4)},
		{Shape: []int{-1, 1, 1, 3}},
		{Shape: []int{math.MaxInt, 1, 1, 3}, Data: make([]float32, 3)},
	} {
		_, err := m.Logits(t.Context(), x)
		oneLine(t, err, "want [N,1,1,3]")
		if !errors.Is(err, model.ErrShape) {
			t.Errorf("shape %v: error %v does not wrap ErrShape", x.Shape, err)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		x := tensor.New(2, 1, 1, 3)
		x.Data[4] = float32(v)
		_, err := m.Logits(t.Context(), x)
		oneLine(t, err, "image 1 has the pixel value")
	}
	if none, err := m.Logits(t.Context(), tensor.New(0, 1, 1, 3)); err != nil || !slices.Equal(none.Shape, []int{0, 3}) {
		t.Errorf("no images: shape %v, error %v", none.Shape, err)
	}
}
