package model_test

import (
	"bytes"
	"image"
	"math"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

// steep is a model of a pixel whose logits are its value, doubled and negated.
func steep(t *testing.T, factor float32) model.Config {
	t.Helper()
	c := config(t, "Input(1,1,1) Linear(2)", "light", "dark")
	for i := range c.Params {
		c.Params[i] = 0
	}
	c.Params[0], c.Params[1] = 2*factor, -factor
	return c
}

func greys(values ...uint8) *dataset.Set {
	return &dataset.Set{Name: "greys", Classes: []string{"light", "dark"}, H: 1, W: 1, C: 1, Pixels: values, Labels: make([]uint16, len(values))}
}

func TestMeasureRange(t *testing.T) {
	m := compile(t, steep(t, 1))
	var values []uint8
	for i := range 2000 { // one image in a thousand is lighter than 100
		values = append(values, 100)
		if i%1000 == 0 {
			values[i] = 255
		}
	}
	for _, tt := range []struct {
		values []uint8
		want   float64
	}{
		{values, 3 * 100.0 / 255}, {values[:1], 3}, {nil, 0}, {[]uint8{0, 51, 102}, 1.2},
	} {
		c := steep(t, 1)
		c.Normalisation = dataset.Normalisation{Mean: []float32{0}, Std: []float32{1}}
		got, err := compile(t, c).MeasureRange(t.Context(), greys(tt.values...).All())
		if err != nil || !(math.Abs(float64(got)-tt.want) <= 0.01) {
			t.Errorf("%d images: range %v, want %v (%v)", len(tt.values), got, tt.want, err)
		}
	}
	if _, err := m.MeasureRange(t.Context(), (&dataset.Set{Name: "large", Classes: m.Classes(), H: 2, W: 2, C: 1}).All()); err == nil {
		t.Error("images that do not fit: no error")
	}
	apart, alike := steep(t, 1.5e38), steep(t, 1.5e38)
	alike.Params[1] = 0.9 * alike.Params[0] // the difference of two infinities is not a number
	for _, c := range []model.Config{apart, alike} {
		c.Normalisation = dataset.Normalisation{Mean: []float32{0}, Std: []float32{0.5}}
		if got, err := compile(t, c).MeasureRange(t.Context(), greys(255, 25).All()); got != 0 || err != nil {
			t.Errorf("infinite logits: range %v, error %v, want 0: not known", got, err)
		}
	}
}

func TestOutside(t *testing.T) {
	c := steep(t, 1)
	c.Normalisation = dataset.Normalisation{Mean: []float32{0}, Std: []float32{1}}
	for _, tt := range []struct {
		known   float32
		grey    uint8
		outside bool
	}{
		{0, 255, false}, {1.4, 255, true}, {1.6, 255, false}, {0.5, 90, true}, {0.5, 80, false},
	} {
		c.LogitRange = tt.known
		p, err := compile(t, c).Predict(pixel(tt.grey, tt.grey, tt.grey, 1, 1))
		if err != nil {
			t.Fatal(err)
		}
		if p.Outside != tt.outside {
			t.Errorf("logits %v with the range %v: outside %v", p.Logits, tt.known, p.Outside)
		}
	}
}

// An image whose logits overflow gets no answer, and those beside it their own.
func TestOverflow(t *testing.T) {
	c := steep(t, 1e38)
	c.Normalisation = dataset.Normalisation{Mean: []float32{0}, Std: []float32{0.5}}
	m := compile(t, c)
	list, err := m.PredictBatch(t.Context(), []image.Image{pixel(255, 255, 255, 1, 1), pixel(25, 25, 25, 1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if p := list[0]; !p.Outside || p.Label != -1 || p.Class != "" || p.Logits != nil || p.Probability != 0 || len(p.Probabilities) != 0 {
		t.Errorf("an image that overflows is answered by %+v", p)
	}
	if p := list[1]; p.Outside || p.Class != "light" || len(p.Logits) != 2 || p.Probabilities[0] != 1 {
		t.Errorf("the image beside it is answered by %+v", p)
	}
	e, err := m.Evaluate(t.Context(), greys(255, 25).All())
	if err != nil || e.Outside != 1 || e.Overflow != 1 || e.Correct != 1 || e.Confusion[0][0] != 1 {
		t.Errorf("of 2 images %d outside, %d overflow, %d right, confusion %v, want 1 of each (%v)", e.Outside, e.Overflow, e.Correct, e.Confusion, err)
	}
}

func TestEvaluateCountsOutside(t *testing.T) {
	c := steep(t, 1)
	c.Normalisation, c.LogitRange = dataset.Normalisation{Mean: []float32{0}, Std: []float32{1}}, 0.5
	e, err := compile(t, c).Evaluate(t.Context(), greys(10, 80, 90, 255).All())
	if err != nil || e.Outside != 2 || e.Total != 4 {
		t.Errorf("%d of %d outside, want 2 of 4 (%v)", e.Outside, e.Total, err)
	}
}

// The range is kept in the file; files without one are read as before.
func TestRangeInFile(t *testing.T) {
	c := steep(t, 1)
	for _, known := range []float32{0, 0.25, 3e38} {
		c.LogitRange = known
		var b bytes.Buffer
		if err := compile(t, c).Write(&b); err != nil {
			t.Fatal(err)
		}
		if has := bytes.Contains(b.Bytes(), []byte("logit_range")); has != (known > 0) {
			t.Errorf("range %v: it is in the file: %v", known, has)
		}
		m, err := model.Decode(b.Bytes())
		if err != nil || m.Config().LogitRange != known {
			t.Errorf("range %v is read as %v (%v)", known, m.Config().LogitRange, err)
		}
	}
	for _, bad := range []float32{-1, float32(math.NaN()), float32(math.Inf(1))} {
		c.LogitRange = bad
		if _, err := model.New(c); err == nil {
			t.Errorf("range %v: no error", bad)
		}
	}
}

// The expansion point is kept in the file, if there is one.
func TestExpansionInFile(t *testing.T) {
	c := steep(t, 1)
	for _, point := range [][]float32{nil, {0.25}} {
		c.Expansion = point
		var b bytes.Buffer
		if err := compile(t, c).Write(&b); err != nil {
			t.Fatal(err)
		}
		if has := bytes.Contains(b.Bytes(), []byte(`"expansion"`)); has != (point != nil) {
			t.Errorf("expansion point %v: it is in the file: %v", point, has)
		}
		m, err := model.Decode(b.Bytes())
		if err != nil || !slices.Equal(m.Expansion(), point) || !slices.Equal(m.Config().Expansion, point) {
			t.Errorf("expansion point %v is read as %v (%v)", point, m.Expansion(), err)
		}
	}
	for _, bad := range [][]float32{{0.1, 0.2}, {-0.1}, {1.5}, {float32(math.NaN())}} {
		c.Expansion = bad
		if _, err := model.New(c); err == nil {
			t.Errorf("expansion point %v: no error", bad)
		}
	}
}
