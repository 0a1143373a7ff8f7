package model_test

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

// halves are images of which the left or the right half is light, with some variation.
func halves(n int) *dataset.Set {
	set := &dataset.Set{Name: "halves", Classes: []string{"left", "right"}, H: 8, W: 8, C: 1}
	random := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		light, dark := 180+random.IntN(40), random.IntN(20)
		for j := range 64 {
			v := dark
			if (j%8 >= 4) == (i%2 == 1) {
				v = light
			}
			set.Pixels = append(set.Pixels, uint8(v+random.IntN(10)))
		}
		set.Labels = append(set.Labels, uint16(i%2))
	}
	return set
}

// halver tells halves apart.
func halver(t *testing.T) model.Config {
	c := config(t, "Input(8,8,1) Linear(2)", "left", "right")
	c.Normalisation = dataset.Normalisation{Mean: []float32{0.4}, Std: []float32{0.4}}
	clear(c.Params)
	for i, w := 0, tensorOf(c, "0.linear.weight"); i < 64; i++ {
		sign := float32(1)
		if i%8 >= 4 {
			sign = -1
		}
		w[2*i], w[2*i+1] = sign/8, -sign/8
	}
	return c
}

func TestGuard(t *testing.T) {
	set := halves(1000)
	c := halver(t)
	m := compile(t, c)
	learned, validation, err := set.All().Split(0.2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if c.Guard, err = m.MeasureGuard(t.Context(), learned, validation); err != nil || c.Guard == nil {
		t.Fatalf("no guard (%v)", err)
	}
	m = compile(t, c)
	if e, err := m.Evaluate(t.Context(), halves(3000).All()); err != nil || e.Correct != 3000 || e.Outside > 6 {
		t.Errorf("%d of 3000 right, %d outside, want at most 6 (%v)", e.Correct, e.Outside, err)
	}
	noise, random := image.NewGray(image.Rect(0, 0, 8, 8)), rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(random.UintN(256))
	}
	for name, img := range map[string]image.Image{
		"black": pixel(0, 0, 0, 8, 8), "white": pixel(255, 255, 255, 8, 8), "grey": pixel(100, 100, 100, 30, 30), "noise": noise,
	} {
		p, err := m.Predict(img)
		if err != nil || !p.Outside || p.Reason != model.ReasonUnlike {
			t.Errorf("%s: outside %v, %q (%v)", name, p.Outside, p.Reason, err)
		}
	}
	for i := range 2 {
		if p, err := m.Predict(set.Picture(i)); err != nil || p.Outside || p.Reason != "" {
			t.Errorf("image %d: outside %v, %q (%v)", i, p.Outside, p.Reason, err)
		}
	}
}

// The guard is kept in the file, and copied with the model; a broken one is refused.
func TestGuardInFile(t *testing.T) {
	c := halver(t)
	m := compile(t, c)
	set := halves(50)
	var err error
	if c.Guard, err = m.MeasureGuard(t.Context(), set.All(), set.All().Only(nil)); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := compile(t, c).Write(&b); err != nil {
		t.Fatal(err)
	}
	again, err := model.Decode(b.Bytes())
	if err != nil || !reflect.DeepEqual(again.Config().Guard, c.Guard) {
		t.Fatalf("guard %+v is read as %+v (%v)", c.Guard, again.Config().Guard, err)
	}
	again.Config().Guard.Mean[0][0] = 7
	if again.Config().Guard.Mean[0][0] == 7 {
		t.Error("the model shares its guard")
	}
	for _, spoil := range []func(g *model.Guard){
		func(g *model.Guard) { g.Mean = g.Mean[:1] },
		func(g *model.Guard) { g.Mean[0][1] = float32(math.NaN()) },
		func(g *model.Guard) { g.Std[1][2] = 0 },
		func(g *model.Guard) { g.Limit[2] = -1 },
	} {
		bad := again.Config()
		spoil(bad.Guard)
		if _, err := model.New(bad); err == nil {
			t.Errorf("guard %+v: no error", bad.Guard)
		}
	}
}

// Without images, or with logits that overflow, there is no guard.
func TestNoGuard(t *testing.T) {
	set := halves(20)
	if g, err := compile(t, halver(t)).MeasureGuard(t.Context(), set.All().Only(nil), set.All()); g != nil || err != nil {
		t.Errorf("no images: guard %v (%v)", g, err)
	}
	c := halver(t)
	for i := range c.Params {
		c.Params[i] *= 1e38
		c.Params[i] *= 20
	}
	if g, err := compile(t, c).MeasureGuard(t.Context(), set.All(), set.All()); g != nil || err != nil {
		t.Errorf("logits that overflow: guard %v (%v)", g, err)
	}
}
