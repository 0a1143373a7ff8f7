package pretrained_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/pretrained"
)

// Every model is the file of its name, whole, and no activation function is in it.
func TestModels(t *testing.T) {
	names := pretrained.Names()
	if !slices.Contains(names, "mnist") || !slices.IsSorted(names) {
		t.Errorf("names %v", names)
	}
	for _, name := range names {
		m, err := pretrained.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(name + ".safetensors")
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := m.Write(&b); err != nil || !bytes.Equal(b.Bytes(), file) {
			t.Errorf("%s is not its file (%v)", name, err)
		}
		if !pretrained.Has(name) || !m.Net().Polynomial() {
			t.Errorf("%s: has %v, polynomial %v", name, pretrained.Has(name), m.Net().Polynomial())
		}
	}
}

func TestNoModel(t *testing.T) {
	for _, name := range []string{"", "MNIST", "mnist.safetensors", "../pretrained/mnist", "*"} {
		if _, err := pretrained.Load(name); err == nil || pretrained.Has(name) {
			t.Errorf("there is a model %q", name)
		}
	}
}

func ExampleLoad() {
	m, err := pretrained.Load("digits")
	if err != nil {
		log.Fatal(err)
	}
	digits, err := dataset.Load(context.Background(), "digits", dataset.Options{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := m.Predict(digits.Test.Picture(0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("digit", p.Class)
	// Output: digit 1
}
