package distill

import (
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/spec"
)

func TestConvNet(t *testing.T) {
	set := &dataset.Set{H: 28, W: 28, C: 1, Classes: make([]string, 10)}
	net, err := spec.Parse(convNet(set))
	if err != nil {
		t.Fatal(err)
	}
	// Convolutions with biases, norms with scale and shift, and a linear layer
	// on what three halvings of 28 leave.
	const channels = 128
	want := (9*1+1)*channels + 2*(9*channels+1)*channels + 3*2*channels + (3*3*channels+1)*10
	if got := net.NumParams(); got != want {
		t.Errorf("%d parameters, want %d", got, want)
	}
	if out := net.Out(); out.Size() != 10 {
		t.Errorf("output %+v", out)
	}
}

func TestRetrainConfig(t *testing.T) {
	set := digits(t).Train
	for _, n := range []int{1, 10, 64, 100, 500, 200000} {
		c := retrainConfig("digits", convNet(set), n, 3)
		if err := c.Validate(); err != nil {
			t.Errorf("%d images: %v", n, err)
		}
		steps := c.Epochs * (n / c.Batch)
		if c.Validation != 0 || c.Seed != 3 || c.Batch > n || steps < retrainSteps*9/10 {
			t.Errorf("%d images: validation part %v, seed %d, batches of %d, %d steps", n, c.Validation, c.Seed, c.Batch, steps)
		}
	}
}

// A network that saw ten images per class knows more than chance.
func TestTrainOn(t *testing.T) {
	a := &assessor{AssessOptions: AssessOptions{Workers: 2}, data: digits(t)}
	images := randomImages(a.data.Train.All(), 10, 1)
	c := retrainConfig("digits", convNet(images), images.Len(), 1)
	c.Epochs, c.Average = 10, 0
	accuracy, err := a.trainOn(t.Context(), images, c)
	if err != nil {
		t.Fatal(err)
	}
	if !(accuracy >= 0.6 && accuracy <= 1) {
		t.Errorf("accuracy %.3f on test images", accuracy)
	}
	c.Net = "Input(9,9,1) Linear(10)"
	if _, err := a.trainOn(t.Context(), images, c); err == nil {
		t.Error("a network for other images: no error")
	}
}
