package dataset

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestDisturbNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSet(t)
		for _, d := range []Disturbance{{}, {Contrast: 1}} {
			if got := d.Apply(s.All(), 1); !slices.Equal(got.Pixels, s.Pixels) || !slices.Equal(got.Labels, s.Labels) {
				t.Fatalf("%+v changed the images", d)
			}
		}
	})
}

// A shifted image has every pixel that stays, at its new place, and 0 elsewhere.
func TestDisturbShift(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSet(t)
		k := rapid.IntRange(1, 7).Draw(t, "shift")
		before := slices.Clone(s.Pixels)
		got := Disturbance{Shift: k}.Apply(s.All(), rapid.Uint64().Draw(t, "seed"))
		if !slices.Equal(s.Pixels, before) {
			t.Fatal("the images themselves were changed")
		}
		for i := range s.Len() {
			fits := false
			for _, dy := range []int{-k, k} {
				for _, dx := range []int{-k, k} {
					fits = fits || slices.Equal(got.All().Image(i), moved(s, i, dy, dx))
				}
			}
			if !fits {
				t.Fatalf("image %d %v became %v", i, s.All().Image(i), got.All().Image(i))
			}
		}
	})
}

func moved(s *Set, i, dy, dx int) []uint8 {
	out := make([]uint8, s.H*s.W*s.C)
	for y := range s.H {
		for x := range s.W {
			for c := range s.C {
				if y-dy >= 0 && y-dy < s.H && x-dx >= 0 && x-dx < s.W {
					out[(y*s.W+x)*s.C+c] = s.All().Image(i)[((y-dy)*s.W+x-dx)*s.C+c]
				}
			}
		}
	}
	return out
}

func TestDisturbContrast(t *testing.T) {
	s := &Set{Name: "row", Classes: []string{"a"}, H: 1, W: 4, C: 1, Pixels: []uint8{0, 40, 100, 220}, Labels: []uint16{0}} // mean 90
	for _, tt := range []struct {
		contrast float64
		want     []uint8
	}{{0.5, []uint8{45, 65, 95, 155}}, {2, []uint8{0, 0, 110, 255}}} {
		if got := (Disturbance{Contrast: tt.contrast}).Apply(s.All(), 1); !slices.Equal(got.Pixels, tt.want) {
			t.Errorf("contrast %v: %v, want %v", tt.contrast, got.Pixels, tt.want)
		}
	}
}

// Noise has its mean and standard deviation if nothing is clipped. It depends on the
// image and the seed, not on the images beside it.
func TestDisturbNoise(t *testing.T) {
	s := &Set{Name: "grey", Classes: []string{"a"}, H: 100, W: 100, C: 1, Pixels: slices.Repeat([]uint8{128}, 30000), Labels: make([]uint16, 3)}
	d := Disturbance{Noise: 0.1}
	got := d.Apply(s.All(), 1)
	var sum, squares float64
	for _, v := range got.Pixels {
		sum += float64(v) - 128
		squares += (float64(v) - 128) * (float64(v) - 128)
	}
	n := float64(len(got.Pixels))
	// 25.5 is sigma; the errors of mean and sigma are a hundredth of that.
	if !(math.Abs(sum/n) <= 0.8) || !(math.Abs(math.Sqrt(squares/n)-25.5) <= 0.6) {
		t.Errorf("noise of mean %.3f and sigma %.3f, want 0 and 25.5", sum/n, math.Sqrt(squares/n))
	}
	if slices.Equal(got.All().Image(0), got.All().Image(1)) {
		t.Error("two images have the same noise")
	}
	one := s.All()
	one.Index = one.Index[1:2]
	if !slices.Equal(d.Apply(one, 1).Pixels, got.All().Image(1)) {
		t.Error("an image alone has other noise")
	}
	if slices.Equal(d.Apply(s.All(), 2).Pixels, got.Pixels) {
		t.Error("another seed gives the same noise")
	}
}
