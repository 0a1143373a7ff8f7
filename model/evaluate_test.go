package model_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/model"
)

// coloured is single pixels for the model of helper_test.go.
func coloured() *dataset.Set {
	return &dataset.Set{
		Name: "colours", Classes: []string{"red", "green", "blue"}, H: 1, W: 1, C: 3,
		Pixels: []uint8{
			255, 0, 0, // red
			0, 255, 0, // green
			0, 0, 255, // said to be red
			0, 200, 0, // said to be blue
			0, 0, 200, // said to be red
			0, 0, 50, // not chosen
			0, 0, 255, // said to be red
		},
		Labels: []uint16{0, 1, 0, 2, 0, 1, 0},
	}
}

// TestEvaluateViews answers by the mean of an image's logits and those of a view of it.
func TestEvaluateViews(t *testing.T) {
	c := config(t, "Input(1,2,1) Linear(2)", "left", "right") // the lighter pixel's side
	copy(c.Params, []float32{1, 0, 0, 1, 0, 0})
	m := compile(t, c)
	set := &dataset.Set{Name: "sides", Classes: c.Classes, H: 1, W: 2, C: 1, Pixels: []uint8{200, 100, 30, 90}, Labels: []uint16{0, 1}}
	same := func(set *dataset.Set) *dataset.Set { return set }
	dark := func(set *dataset.Set) *dataset.Set {
		other := *set
		other.Pixels = []uint8{0, 255, 0, 0}
		return &other
	}
	for _, tt := range []struct {
		views     []model.View
		right     int
		confusion [][]int
	}{
		{nil, 2, [][]int{{1, 0}, {0, 1}}},
		{[]model.View{dark}, 1, [][]int{{0, 1}, {0, 1}}},
		{[]model.View{same, dark, same}, 2, [][]int{{1, 0}, {0, 1}}},
		{[]model.View{(*dataset.Set).Mirrored}, 1, [][]int{{1, 0}, {1, 0}}}, // no difference is left
	} {
		e, err := m.Evaluate(t.Context(), set.All(), tt.views...)
		if err != nil || e.Correct != tt.right || !reflect.DeepEqual(e.Confusion, tt.confusion) {
			t.Errorf("%d views: %d right, confusion %v, want %d, %v (%v)", len(tt.views), e.Correct, e.Confusion, tt.right, tt.confusion, err)
		}
	}
	if _, err := m.Evaluate(t.Context(), set.All(), func(set *dataset.Set) *dataset.Set {
		return set.All().Only([]int32{0}).Copy("one")
	}); err == nil {
		t.Error("a view of fewer images: no error")
	}
	if _, err := m.Evaluate(t.Context(), set.All(), func(*dataset.Set) *dataset.Set { return coloured() }); err == nil {
		t.Error("a view of another shape: no error")
	}
}

func TestEvaluate(t *testing.T) {
	images := dataset.Subset{Set: coloured(), Index: []int32{4, 3, 0, 1, 2, 6}}
	e, err := brightest(t).Evaluate(t.Context(), images)
	if err != nil {
		t.Fatal(err)
	}
	if e.Correct != 2 || e.Total != 6 || !reflect.DeepEqual(e.Confusion, [][]int{{1, 0, 3}, {0, 1, 0}, {0, 1, 0}}) {
		t.Errorf("%d of %d, confusion %v", e.Correct, e.Total, e.Confusion)
	}
	if !(math.Abs(e.Accuracy()-1.0/3) <= 1e-12) {
		t.Errorf("accuracy %v", e.Accuracy())
	}
	// Of a pixel with one channel at v, the two others at 0.
	probability := func(v float64) float64 { return math.Exp(v) / (math.Exp(v) + 2) }
	others := func(v float64) float64 { return 1 / (math.Exp(v) + 2) }
	bright := 200.0 / 255
	loss := -(2*math.Log(probability(1)) + 2*math.Log(others(1)) + 2*math.Log(others(bright))) / 6
	if !(math.Abs(e.Loss-loss) <= 1e-6) {
		t.Errorf("loss %v, want %v", e.Loss, loss)
	}
	// The surest first, equally sure ones in the order of the images.
	want := []model.Mistake{{Index: 4, Label: 0, Predicted: 2}, {Index: 5, Label: 0, Predicted: 2}, {Index: 0, Label: 0, Predicted: 2}, {Index: 1, Label: 2, Predicted: 1}}
	var probabilities []float32
	for i := range e.Mistakes {
		probabilities = append(probabilities, e.Mistakes[i].Probability)
		e.Mistakes[i].Probability = 0
	}
	if !reflect.DeepEqual(e.Mistakes, want) {
		t.Errorf("mistakes %v, want %v", e.Mistakes, want)
	}
	sure := []float64{probability(1), probability(1), probability(bright), probability(bright)}
	if err := approx.Slices(probabilities, sure, func(int) float64 { return 1e-6 }); err != nil {
		t.Errorf("probabilities of mistakes: %v", err)
	}
}

// Logits that are not numbers are a large loss, not none at all.
func TestEvaluateBeyondFloat32(t *testing.T) {
	c := config(t, "Input(1,1,3) Conv(1,1,3,1,1) CG(1,1,3,1,1) Linear(3)", "red", "green", "blue")
	for i := range c.Params {
		c.Params[i] = 1e38 * float32(i%3-1)
	}
	e, err := compile(t, c).Evaluate(t.Context(), dataset.Subset{Set: coloured(), Index: []int32{0}})
	if err != nil {
		t.Fatal(err)
	}
	if e.Loss != math.MaxFloat32 {
		t.Errorf("loss %v, want the largest float32", e.Loss)
	}
}

func TestEvaluateNothing(t *testing.T) {
	e, err := brightest(t).Evaluate(t.Context(), dataset.Subset{Set: coloured()})
	if err != nil {
		t.Fatal(err)
	}
	if e.Total != 0 || e.Accuracy() != 0 || e.Loss != 0 || len(e.Confusion) != 3 || len(e.Mistakes) != 0 {
		t.Errorf("no images: %+v", e)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	m := brightest(t)
	set := coloured()
	set.H, set.W, set.C = 1, 3, 1
	_, err := m.Evaluate(t.Context(), set.All())
	oneLine(t, err, "colours has images of 1x3x1, it takes 1x1x3")
	if !errors.Is(err, model.ErrShape) {
		t.Errorf("error %v does not wrap ErrShape", err)
	}
	set = coloured()
	set.Classes = append(set.Classes, "white")
	_, err = m.Evaluate(t.Context(), set.All())
	oneLine(t, err, "colours has 4 classes, the model 3")
}

// The same images are as right whatever the order of their classes, and if they have some
// of the classes only.
func TestEvaluateByName(t *testing.T) {
	m, set := brightest(t), coloured()
	want, err := m.Evaluate(t.Context(), set.All())
	if err != nil {
		t.Fatal(err)
	}
	turned := coloured()
	turned.Classes = []string{"blue", "red", "green"}
	for i, label := range turned.Labels {
		turned.Labels[i] = (label + 1) % 3
	}
	got, err := m.Evaluate(t.Context(), turned.All())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("in another order: %+v, want %+v (%v)", got, want, err)
	}
	some := &dataset.Set{Name: "some", Classes: []string{"blue"}, H: 1, W: 1, C: 3, Pixels: []uint8{0, 0, 9, 0, 9, 0}, Labels: []uint16{0, 0}}
	e, err := m.Evaluate(t.Context(), some.All())
	if err != nil || !reflect.DeepEqual(e.Confusion, [][]int{{0, 0, 0}, {0, 0, 0}, {0, 1, 1}}) {
		t.Errorf("some classes: %+v (%v)", e, err)
	}
	some.Classes = []string{"violet"}
	_, err = m.Evaluate(t.Context(), some.All())
	oneLine(t, err, `some has 1 classes, the model 3: the classes differ: "violet" is not among red, green, blue`)
	if !errors.Is(err, dataset.ErrClasses) {
		t.Errorf("error %v does not wrap ErrClasses", err)
	}
}
