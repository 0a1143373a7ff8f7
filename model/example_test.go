package model_test

import (
	"context"
	"fmt"
	"image"
	"log"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/tensor"
)

// A model file is all that a prediction needs: it takes any image.Image.
func Example() {
	m, err := model.Load("testdata/digits.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	picture := handwritten().Picture(0) // or an image.Decode of a file
	p, err := m.Predict(picture)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("a %s, with a probability above 0.9: %v\n", p.Class, p.Probabilities[p.Label] > 0.9)
	// Output: a 1, with a probability above 0.9: true
}

// Several pictures at once go faster than one by one.
func ExampleModel_PredictBatch() {
	m, err := model.Load("testdata/digits.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	digits := handwritten()
	predictions, err := m.PredictBatch(context.Background(), []image.Image{digits.Picture(1), digits.Picture(2), digits.Picture(3)})
	if err != nil {
		log.Fatal(err)
	}
	for i, p := range predictions {
		fmt.Printf("a %s, written as a %d\n", p.Class, digits.Labels[1+i])
	}
	// Output:
	// a 7, written as a 7
	// a 8, written as a 8
	// a 6, written as a 6
}

// Images as numbers: a tensor [N,H,W,C] of pixels scaled to 0..1.
func ExampleModel_Logits() {
	m, err := model.Load("testdata/digits.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	x := tensor.New(2, 8, 8, 1)
	for i, pixel := range handwritten().Pixels[:2*8*8] {
		x.Data[i] = float32(pixel) / 255
	}
	logits, err := m.Logits(context.Background(), x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("logits of two images for ten classes:", logits.Shape)
	// Output: logits of two images for ten classes: [2 10]
}

func ExampleModel_Evaluate() {
	m, err := model.Load("testdata/digits.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	e, err := m.Evaluate(context.Background(), handwritten().All())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d images, more than 98 %% right: %v\n", e.Total, e.Accuracy() > 0.98)
	// Output: 359 images, more than 98 % right: true
}

// handwritten is the test images of the embedded digits.
func handwritten() *dataset.Set {
	digits, err := dataset.Digits()
	if err != nil {
		log.Fatal(err)
	}
	return digits.Test
}
