package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/rng"
)

// drawPixels returns a random image of h x w x c.
func drawPixels(t *rapid.T) (pixels []uint8, h, w, c int) {
	h, w = rapid.IntRange(1, 9).Draw(t, "h"), rapid.IntRange(1, 9).Draw(t, "w")
	c = rapid.SampledFrom([]int{1, 3}).Draw(t, "c")
	return rapid.SliceOfN(rapid.Uint8(), h*w*c, h*w*c).Draw(t, "pixels"), h, w, c
}

// at returns a pixel of an image over a background of 0.
func at(pixels []uint8, h, w, c, y, x, ch int) float64 {
	if y < 0 || y >= h || x < 0 || x >= w {
		return 0
	}
	return float64(pixels[(y*w+x)*c+ch])
}

func TestResampleAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pixels, h, w, c := drawPixels(t)
		v := variation{
			rotate: rapid.Float64Range(-3.1, 3.1).Draw(t, "rotate"),
			scale:  rapid.Float64Range(0.5, 2).Draw(t, "scale"),
			shear:  rapid.Float64Range(-1, 1).Draw(t, "shear"),
			shiftX: rapid.Float64Range(-4, 4).Draw(t, "shiftX"),
			shiftY: rapid.Float64Range(-4, 4).Draw(t, "shiftY"),
			flip:   rapid.Bool().Draw(t, "flip"), elastic: rapid.Bool().Draw(t, "elastic"),
		}
		bend := rapid.SliceOfN(rapid.Float64Range(-3, 3), 2*len(v.bend), 2*len(v.bend)).Draw(t, "bend")
		for i := range v.bend {
			v.bend[i] = offset{fixed(bend[2*i]), fixed(bend[2*i+1])}
		}
		// bent is a coordinate's offset, by the bilinear form of its definition.
		bent := func(y, x, axis int) (sum float64) {
			for i := range v.bend {
				gy, gx := float64(i/(bendCells+1)), float64(i%(bendCells+1))
				near := func(grid float64, at, n int) float64 {
					return max(0, 1-math.Abs(grid-float64(at*bendCells)/float64(n)))
				}
				sum += near(gy, y, h) * near(gx, x, w) * bend[2*i+axis]
			}
			return sum
		}
		dst := make([]float32, len(pixels))
		m := v.inverse(h, w)
		m.resample(dst, pixels, h, w, c)

		// The forward matrix R K S F, inverted by Cramer's rule.
		sin, cos, shear, fx := math.Sin(v.rotate), math.Cos(v.rotate), math.Tan(v.shear), 1.0
		if v.flip {
			fx = -1
		}
		a, b := cos*v.scale*fx, (cos*shear-sin)*v.scale
		d, e := sin*v.scale*fx, (sin*shear+cos)*v.scale
		det := a*e - b*d
		for y := range h {
			for x := range w {
				qx, qy := float64(x)-float64(w-1)/2-v.shiftX, float64(y)-float64(h-1)/2-v.shiftY
				sx := (e*qx-b*qy)/det + float64(w-1)/2
				sy := (a*qy-d*qx)/det + float64(h-1)/2
				if v.elastic {
					sx, sy = sx+bent(y, x, 0), sy+bent(y, x, 1)
				}
				for ch := range c {
					want := 0.0
					for iy := math.Floor(sy) - 1; iy <= math.Floor(sy)+2; iy++ {
						for ix := math.Floor(sx) - 1; ix <= math.Floor(sx)+2; ix++ {
							want += catmullRom(sy-iy) * catmullRom(sx-ix) * at(pixels, h, w, c, int(iy), int(ix), ch)
						}
					}
					want = min(255, max(0, want))
					// Each of 4+4 weights is off by up to 2 parts in 512.
					if got := float64(dst[(y*w+x)*c+ch]); !(math.Abs(got-want) <= 8*2*255/512.0) || got < 0 || got > 255 {
						t.Fatalf("pixel %d,%d,%d is %g, want %g", y, x, ch, got, want)
					}
				}
			}
		}
	})
}

// catmullRom is the kernel of Keys's cubic convolution with a = -1/2.
func catmullRom(x float64) float64 {
	switch x = math.Abs(x); {
	case x < 1:
		return 1.5*x*x*x - 2.5*x*x + 1
	case x < 2:
		return -0.5*x*x*x + 2.5*x*x - 4*x + 2
	}
	return 0
}

// Whole-pixel shifts, with and without a flip, and quarter turns are exact.
func TestResampleExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pixels, h, w, c := drawPixels(t)
		dx, dy := rapid.IntRange(-10, 10).Draw(t, "dx"), rapid.IntRange(-10, 10).Draw(t, "dy")
		flip := rapid.Bool().Draw(t, "flip")
		dst := make([]float32, len(pixels))
		m := variation{scale: 1, shiftX: float64(dx), shiftY: float64(dy), flip: flip}.inverse(h, w)
		m.resample(dst, pixels, h, w, c)
		for i, got := range dst {
			y, x, ch := i/(w*c)-dy, i/c%w-dx, i%c
			if flip {
				x = w - 1 - x
			}
			if want := at(pixels, h, w, c, y, x, ch); float64(got) != want {
				t.Fatalf("element %d is %g, want %g", i, got, want)
			}
		}
	})
	pixels := []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9}
	dst := make([]float32, 9)
	m := variation{scale: 1, rotate: math.Pi / 2}.inverse(3, 3)
	m.resample(dst, pixels, 3, 3, 1)
	// With y downwards a positive angle turns clockwise.
	if want := []float32{7, 4, 1, 8, 5, 2, 9, 6, 3}; !slices.Equal(dst, want) {
		t.Errorf("quarter turn gives %v, want %v", dst, want)
	}
}

// strong uses every augmentation at once.
var strong = Augment{Shift: 2, Rotate: 15, Scale: 0.2, Shear: 10, Elastic: 1.5, Flip: true, Crop: 2, Cutout: 3, Contrast: 0.2, Noise: 0.1}

func TestDrawIsWithinBounds(t *testing.T) {
	var s rng.Stream
	var least, most variation
	var leastBend, mostBend offset
	flips := 0
	for i := range uint64(2000) {
		s.Reset(1, "test", i)
		v := strong.draw(&s, 8, 5)
		least.rotate, most.rotate = min(least.rotate, v.rotate), max(most.rotate, v.rotate)
		least.shear, most.shear = min(least.shear, v.shear), max(most.shear, v.shear)
		least.scale, most.scale = min(least.scale, v.scale-1), max(most.scale, v.scale-1)
		least.shiftX, most.shiftX = min(least.shiftX, v.shiftX), max(most.shiftX, v.shiftX)
		least.shiftY, most.shiftY = min(least.shiftY, v.shiftY), max(most.shiftY, v.shiftY)
		for _, o := range v.bend {
			leastBend = offset{min(leastBend.x, o.x), min(leastBend.y, o.y)}
			mostBend = offset{max(mostBend.x, o.x), max(mostBend.y, o.y)}
		}
		if v.cutY < 0 || v.cutY >= 8 || v.cutX < 0 || v.cutX >= 5 {
			t.Fatalf("cutout at %d,%d", v.cutY, v.cutX)
		}
		if v.flip {
			flips++
		}
	}
	for _, r := range []struct {
		name               string
		least, most, bound float64
	}{
		{"rotate", least.rotate, most.rotate, 15 * math.Pi / 180},
		{"shear", least.shear, most.shear, 10 * math.Pi / 180},
		{"scale", least.scale, most.scale, 0.2},
		{"shift x", least.shiftX, most.shiftX, 4},
		{"shift y", least.shiftY, most.shiftY, 4},
		{"elastic x", float64(leastBend.x) / one, float64(mostBend.x) / one, 1.5},
		{"elastic y", float64(leastBend.y) / one, float64(mostBend.y) / one, 1.5},
	} {
		if !(r.least >= -r.bound-1e-9 && r.least < -0.9*r.bound && r.most <= r.bound+1e-9 && r.most > 0.9*r.bound) {
			t.Errorf("%s ranges over %g..%g, bound %g", r.name, r.least, r.most, r.bound)
		}
	}
	if flips < 900 || flips > 1100 {
		t.Errorf("%d of 2000 flipped", flips)
	}
}

func TestCutout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, w, c := rapid.IntRange(1, 9).Draw(t, "h"), rapid.IntRange(1, 9).Draw(t, "w"), rapid.IntRange(1, 3).Draw(t, "c")
		side := rapid.IntRange(0, 20).Draw(t, "side")
		cy, cx := rapid.IntRange(0, h-1).Draw(t, "cy"), rapid.IntRange(0, w-1).Draw(t, "cx")
		dst := slices.Repeat([]float32{1}, h*w*c)
		cutout(dst, h, w, c, side, cy, cx)
		for i, got := range dst {
			y, x := i/(w*c), i/c%w
			inside := y >= cy-side/2 && y < cy-side/2+side && x >= cx-side/2 && x < cx-side/2+side
			if (got == 0) != inside {
				t.Fatalf("element %d,%d is %g", y, x, got)
			}
		}
	})
}

func TestAugmentValidate(t *testing.T) {
	if err := strong.Validate(); err != nil {
		t.Error(err)
	}
	if err := (Augment{}).Validate(); err != nil {
		t.Error(err)
	}
	bad := Augment{Shift: -1, Rotate: 180, Scale: 1, Shear: math.NaN(), Elastic: -1, Crop: -2, Cutout: 1 << 20, Contrast: 1, Noise: -0.1}
	err := bad.Validate()
	for _, name := range []string{"shift", "rotate", "scale", "shear", "elastic", "crop", "cutout", "contrast", "noise"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v does not name %s", err, name)
		}
	}
}

// newSampler samples random images of 28x28.
func newSampler(tb testing.TB, c int, a Augment, seed uint64) *Sampler {
	tb.Helper()
	s := &Set{Classes: numbered(2), H: 28, W: 28, C: c, Labels: []uint16{0, 1, 1, 0}}
	r := rand.New(rand.NewPCG(1, 2))
	for range 4 * 28 * 28 * c {
		s.Pixels = append(s.Pixels, uint8(r.IntN(256)))
	}
	sampler, err := NewSampler(Subset{Set: s, Index: []int32{3, 1, 0}}, MeasureNormalisation(s.All()), a, seed)
	if err != nil {
		tb.Fatal(err)
	}
	return sampler
}

func TestSamplerPlain(t *testing.T) {
	s := newSampler(t, 3, Augment{}, 1)
	got, want := make([]float32, 28*28*3), make([]float32, 28*28*3)
	s.norm.Apply(want, s.images.Set.Image(3))
	if label := s.Sample(got, 7, 0); label != 0 || !slices.Equal(got, want) {
		t.Errorf("label %d, pixels equal: %t", label, slices.Equal(got, want))
	}
	// Resampling that happens to change nothing gives the same bits.
	m := variation{scale: 1}.inverse(28, 28)
	m.resample(got, s.images.Set.Image(3), 28, 28, 3)
	s.norm.scale(got)
	if !slices.Equal(got, want) {
		t.Error("the resampled identity differs")
	}
}

// A sample depends on the seed, the epoch and the image, and on nothing else.
func TestSamplerIsDeterministic(t *testing.T) {
	sample := func(s *Sampler, epoch, i int) string {
		dst := make([]float32, 28*28)
		s.Sample(dst, epoch, i)
		return fmt.Sprint(dst)
	}
	s := newSampler(t, 1, strong, 1)
	first := sample(s, 2, 1)
	for _, other := range []string{sample(s, 3, 1), sample(s, 2, 0), sample(newSampler(t, 1, strong, 2), 2, 1)} {
		if other == first {
			t.Error("another epoch, image or seed gives the same sample")
		}
	}
	reordered := newSampler(t, 1, strong, 1)
	reordered.images.Index = []int32{1}
	if sample(s, 2, 1) != first || sample(reordered, 2, 0) != first {
		t.Error("the order of sampling matters")
	}
}

func TestSamplerRefuses(t *testing.T) {
	images := newSampler(t, 1, Augment{}, 1).images
	if _, err := NewSampler(images, Normalisation{}, Augment{}, 1); err == nil {
		t.Error("a normalisation without channels is accepted")
	}
	if _, err := NewSampler(images, MeasureNormalisation(images), Augment{Scale: 2}, 1); err == nil {
		t.Error("a wrong augmentation is accepted")
	}
}

func TestSampleAllocatesNothing(t *testing.T) {
	for _, a := range []Augment{{}, strong} {
		s := newSampler(t, 3, a, 1)
		dst := make([]float32, 28*28*3)
		epoch := 0
		if n := testing.AllocsPerRun(100, func() {
			s.Sample(dst, epoch, 2)
			epoch++
		}); n != 0 {
			t.Errorf("%+v: %g allocations", a, n)
		}
	}
}

func BenchmarkSample(b *testing.B) {
	for _, c := range []int{1, 3} {
		for name, a := range map[string]Augment{"plain": {}, "affine": {Shift: 2, Rotate: 10, Scale: 0.1}, "elastic": {Shift: 2, Rotate: 10, Scale: 0.1, Elastic: 1}} {
			b.Run(fmt.Sprintf("28x28x%d/%s", c, name), func(b *testing.B) {
				s := newSampler(b, c, a, 1)
				dst := make([]float32, 28*28*c)
				for epoch := 0; b.Loop(); epoch++ {
					s.Sample(dst, epoch, 1)
				}
			})
		}
	}
}
