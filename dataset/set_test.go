package dataset

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// realData returns the folder of real data sets, or skips the test.
func realData(t *testing.T) Options {
	t.Helper()
	dir := os.Getenv("TAYLORNET_DATA")
	if dir == "" {
		t.Skip("TAYLORNET_DATA names no folder of data sets")
	}
	return Options{Dirs: []string{dir}}
}

// drawSet returns a random set of small images.
func drawSet(t *rapid.T) *Set {
	n := rapid.IntRange(1, 60).Draw(t, "n")
	classes := rapid.IntRange(1, 5).Draw(t, "classes")
	s := &Set{Name: "random", Classes: numbered(classes), H: 2, W: 3, C: rapid.SampledFrom([]int{1, 3}).Draw(t, "c")}
	s.Pixels = rapid.SliceOfN(rapid.Uint8(), n*6*s.C, n*6*s.C).Draw(t, "pixels")
	s.Labels = rapid.SliceOfN(rapid.Uint16Range(0, uint16(classes-1)), n, n).Draw(t, "labels")
	return s
}

func TestSubsetIsAView(t *testing.T) {
	s := &Set{Classes: []string{"a", "b"}, H: 1, W: 2, C: 1, Pixels: []uint8{1, 2, 3, 4, 5, 6}, Labels: []uint16{0, 1, 1}}
	sub := Subset{Set: s, Index: []int32{2, 0}}
	if sub.Len() != 2 || sub.Label(0) != 1 || sub.Label(1) != 0 || !slices.Equal(sub.Image(0), []uint8{5, 6}) {
		t.Errorf("subset %d, labels %d, %d, image %v", sub.Len(), sub.Label(0), sub.Label(1), sub.Image(0))
	}
	if &sub.Image(1)[0] != &s.Pixels[0] || cap(sub.Image(1)) != 2 {
		t.Error("Image copies or reaches beyond the image")
	}
	if got := s.All().Counts(); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("Counts = %v", got)
	}
}

func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSet(t)
		fraction := rapid.Float64Range(0, 0.9).Draw(t, "fraction")
		seed := rapid.Uint64().Draw(t, "seed")
		rest, part, err := s.All().Split(fraction, seed)
		if err != nil {
			t.Fatal(err)
		}
		if both := slices.Sorted(slices.Values(append(slices.Clone(rest.Index), part.Index...))); !slices.Equal(both, s.All().Index) {
			t.Fatalf("parts %v and %v are not all of %d", rest.Index, part.Index, s.Len())
		}
		if !slices.IsSorted(rest.Index) || !slices.IsSorted(part.Index) {
			t.Fatal("order is lost")
		}
		all, counts, kept := s.All().Counts(), part.Counts(), rest.Counts()
		short := 0.0
		for class, n := range all {
			want := min(fraction*float64(n), float64(max(0, n-1)))
			// A class kept for rest lets the next give one more.
			short += fraction*float64(n) - want
			if d := float64(counts[class]) - want; !(math.Abs(d) <= 1+short) || n > 0 && kept[class] == 0 {
				t.Fatalf("class %d gives %d of %d at fraction %g", class, counts[class], n, fraction)
			}
		}
		again, _, err := s.All().Split(fraction, seed)
		if err != nil || !slices.Equal(again.Index, rest.Index) {
			t.Fatal("the same seed splits differently")
		}
	})
}

func TestSplitSeeds(t *testing.T) {
	s := &Set{Classes: numbered(1), H: 1, W: 1, C: 1, Pixels: make([]uint8, 100), Labels: make([]uint16, 100)}
	_, a, err := s.All().Split(0.5, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, b, err := s.All().Split(0.5, 2)
	if err != nil {
		t.Fatal(err)
	}
	if a.Len() != 50 || b.Len() != 50 || slices.Equal(a.Index, b.Index) {
		t.Errorf("seeds 1 and 2 choose %v and %v", a.Index, b.Index)
	}
}

func TestSplitRefuses(t *testing.T) {
	s := &Set{Name: "x", Classes: numbered(1), Labels: []uint16{0}}
	for _, fraction := range []float64{-0.1, 1, math.NaN()} {
		if _, _, err := s.All().Split(fraction, 0); err == nil {
			t.Errorf("fraction %g accepted", fraction)
		}
	}
}

func TestNormalise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSet(t)
		n := MeasureNormalisation(s.All())
		if err := n.Validate(s.C); err != nil {
			t.Fatal(err)
		}
		dst := make([]float32, len(s.Pixels))
		n.Apply(dst, s.Pixels)
		for ch := range s.C {
			var sum, squares float64
			constant := true
			for i := ch; i < len(dst); i += s.C {
				sum += float64(dst[i])
				squares += float64(dst[i]) * float64(dst[i])
				constant = constant && s.Pixels[i] == s.Pixels[ch]
			}
			count := float64(len(dst) / s.C)
			wantSquares := 1.0
			if constant {
				wantSquares = 0
			}
			// One grey level among few pixels of 255 limits float32's digits.
			if !(math.Abs(sum/count) <= 1e-3) || !(math.Abs(squares/count-wantSquares) <= 1e-3) {
				t.Fatalf("channel %d: mean %g, mean square %g, want 0, %g", ch, sum/count, squares/count, wantSquares)
			}
		}
	})
}

func TestNormaliseKnown(t *testing.T) {
	// Channel 0 is 0 and 255, channel 1 constant, channel 2 is 51 and 102.
	s := &Set{Classes: numbered(1), H: 1, W: 2, C: 3, Pixels: []uint8{0, 7, 51, 255, 7, 102}, Labels: []uint16{0}}
	n := MeasureNormalisation(s.All())
	want := Normalisation{Mean: []float32{0.5, 7.0 / 255, 0.3}, Std: []float32{0.5, 1, 0.1}}
	for ch := range 3 {
		if d := math.Abs(float64(n.Mean[ch] - want.Mean[ch])); !(d <= 1e-6) {
			t.Errorf("mean %v, want %v", n.Mean, want.Mean)
		}
		if d := math.Abs(float64(n.Std[ch] - want.Std[ch])); !(d <= 1e-6) {
			t.Errorf("standard deviation %v, want %v", n.Std, want.Std)
		}
	}
}

func TestNormalisationValidate(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tt := range []struct {
		n      Normalisation
		faults int
	}{
		{Normalisation{Mean: []float32{0}, Std: []float32{1}}, 0},
		{Normalisation{Mean: []float32{0, 1}, Std: []float32{1}}, 1},
		{Normalisation{}, 1},
		{Normalisation{Mean: []float32{nan}, Std: []float32{0}}, 2},
		{Normalisation{Mean: []float32{inf}, Std: []float32{inf}}, 2},
		{Normalisation{Mean: []float32{0}, Std: []float32{nan}}, 1},
	} {
		err := tt.n.Validate(1)
		faults := 0
		if err != nil {
			faults = 1 + strings.Count(err.Error(), "; ")
		}
		if faults != tt.faults {
			t.Errorf("%+v: %v, want %d faults", tt.n, err, tt.faults)
		}
	}
}

func Example() {
	data, err := Load(context.Background(), "digits", Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(data.Train.Len(), "training and", data.Test.Len(), "test images of", data.Train.H, "x", data.Train.W)
	fmt.Println(data.Train.Classes)

	train, validation, err := data.Train.All().Split(0.1, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train.Len(), "to learn from,", validation.Len(), "to choose by")
	fmt.Println(validation.Counts())

	sampler, err := NewSampler(train, MeasureNormalisation(train), Augment{Shift: 1, Rotate: 10}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	input := make([]float32, 8*8)
	label := sampler.Sample(input, 0, 5)
	fmt.Println("a", data.Train.Classes[label])
	// Output:
	// 1438 training and 359 test images of 8 x 8
	// [0 1 2 3 4 5 6 7 8 9]
	// 1294 to learn from, 144 to choose by
	// [14 15 14 15 14 15 14 14 14 15]
	// a 5
}
