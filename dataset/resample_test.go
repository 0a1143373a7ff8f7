package dataset

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"testing"

	"golang.org/x/image/draw"
	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/memory/memorytest"
)

// coloured is a picture of any colours that does not begin at the origin, as a decoder
// of the given kind returns it.
func coloured(kind string, h, w int) image.Image {
	bounds := image.Rect(3, 5, 3+w, 5+h)
	value := func(x, y, k int) uint8 { return uint8(x*37 + y*101 + k*59 + x*y*k) }
	fill := func(dst draw.Image) image.Image {
		for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
			for x := bounds.Min.X; x < bounds.Max.X; x++ {
				dst.Set(x, y, color.NRGBA{value(x, y, 0), value(x, y, 1), value(x, y, 2), value(x, y, 3)})
			}
		}
		return dst
	}
	planes := func(ratio image.YCbCrSubsampleRatio) *image.YCbCr {
		img := image.NewYCbCr(bounds, ratio)
		for i := range img.Y {
			img.Y[i] = value(i, 1, 1)
		}
		for i := range img.Cb {
			img.Cb[i], img.Cr[i] = value(i, 2, 0), value(i, 5, 2)
		}
		return img
	}
	switch kind {
	case "grey":
		return fill(image.NewGray(bounds))
	case "grey 16":
		return fill(image.NewGray16(bounds))
	case "straight":
		return fill(image.NewNRGBA(bounds))
	case "straight 16":
		return fill(image.NewNRGBA64(bounds))
	case "premultiplied 16":
		return fill(image.NewRGBA64(bounds))
	case "palette":
		return fill(image.NewPaletted(bounds, color.Palette{color.Black, color.White, color.NRGBA{200, 0, 0, 128}, color.Transparent}))
	case "CMYK":
		return fill(image.NewCMYK(bounds))
	case "4:4:4":
		return planes(image.YCbCrSubsampleRatio444)
	case "4:2:0":
		return planes(image.YCbCrSubsampleRatio420)
	case "4:2:0 with alpha":
		img := &image.NYCbCrA{YCbCr: *planes(image.YCbCrSubsampleRatio420), AStride: w, A: make([]uint8, h*w)}
		for i := range img.A {
			img.A[i] = value(i, 3, 3)
		}
		return img
	case "turned":
		return upright(coloured("4:2:0", w, h), 6)
	}
	return fill(image.NewRGBA(bounds))
}

func kinds() []string {
	return []string{"premultiplied", "grey", "grey 16", "straight", "straight 16", "premultiplied 16", "palette", "CMYK", "4:4:4", "4:2:0", "4:2:0 with alpha", "turned"}
}

// converted is FromImage for pictures that only shrink or only grow, as it is defined:
// the whole picture is converted, then resampled.
func converted(img image.Image, h, w, c int) []uint8 {
	from := img.Bounds().Size()
	bounds := image.Rect(0, 0, w, h)
	shrinks := h <= from.Y && w <= from.X
	if shrinks {
		bounds = image.Rect(0, 0, from.X, from.Y)
	}
	rgba, grey := image.NewRGBA(bounds), image.NewGray(bounds)
	for _, dst := range []draw.Image{rgba, grey} {
		if shrinks {
			draw.Draw(dst, bounds, img, img.Bounds().Min, draw.Src)
		} else {
			draw.CatmullRom.Scale(dst, bounds, img, img.Bounds(), draw.Src, nil)
		}
	}
	at := func(x, y, k int) uint8 { return rgba.Pix[4*(y*bounds.Dx()+x)+k] }
	if c == 1 {
		at = func(x, y, _ int) uint8 { return grey.Pix[y*bounds.Dx()+x] }
	}
	part := func(i, at, from, to int) float64 { // of the new pixel i
		return float64(min((i+1)*from, (at+1)*to)-max(i*from, at*to)) / float64(from)
	}
	var out []uint8
	for i := range h * w * c {
		y, x, k := i/c/w, i/c%w, i%c
		if bounds.Dx() == w && bounds.Dy() == h {
			out = append(out, at(x, y, k))
			continue
		}
		var sum float64
		for row := y * from.Y / h; row*h < (y+1)*from.Y; row++ {
			for column := x * from.X / w; column*w < (x+1)*from.X; column++ {
				sum += part(y, row, from.Y, h) * part(x, column, from.X, w) * float64(at(column, row, k))
			}
		}
		out = append(out, uint8(math.Round(sum)))
	}
	return out
}

// Every kind of picture comes out as if it had been converted as a whole.
func TestFromImageKinds(t *testing.T) {
	for _, kind := range kinds() {
		img := coloured(kind, 13, 18)
		for _, to := range []Size{{13, 18}, {1, 1}, {5, 7}, {12, 17}, {13, 4}, {6, 18}, {14, 18}, {13, 31}, {40, 40}} {
			for _, c := range []int{1, 3} {
				if got, want := FromImage(img, to.H, to.W, c), converted(img, to.H, to.W, c); !slices.Equal(got, want) {
					t.Errorf("%s to %v with %d channels: not the converted picture", kind, to, c)
				}
			}
		}
	}
}

// A side that shrinks is averaged before the other grows, so that the work is bounded by
// the pictures before and after.
func TestFromImageNarrow(t *testing.T) {
	const long = 1 << 18
	for _, size := range []Size{{1, long}, {long, 1}} {
		img := image.NewGray(image.Rect(0, 0, size.W, size.H))
		for i := long / 2; i < long; i++ {
			img.Pix[i] = 200
		}
		var got []uint8
		if n := memorytest.Allocated(func() { got = FromImage(img, 28, 28, 1) }); n > 1<<20 {
			t.Errorf("%v takes %.0f bytes", size, n)
		}
		want := make([]uint8, 28*28)
		for y := range 28 {
			for x := range 28 {
				if size.H == 1 && x >= 14 || size.W == 1 && y >= 14 {
					want[28*y+x] = 200
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %v", size, got)
		}
	}
}

// A photograph is read line by line: there is no copy of it.
func TestFromImageMemory(t *testing.T) {
	for _, kind := range kinds() {
		img := coloured(kind, 300, 400)
		for name, f := range map[string]func(){
			"grey":   func() { FromImage(img, 28, 28, 1) },
			"colour": func() { FromImage(img, 32, 32, 3) },
			"shrunk": func() { Shrink(img, 40) },
		} {
			if n := memorytest.Allocated(f); n > 50_000 {
				t.Errorf("%s, %s: %.0f bytes", kind, name, n)
			}
		}
	}
}

func TestShrink(t *testing.T) {
	for _, kind := range kinds() {
		img := coloured(kind, 60, 90)
		small := Shrink(img, 30)
		if size := small.Bounds().Size(); size != image.Pt(30, 20) {
			t.Errorf("%s: shrunk to %v", kind, size)
		}
		if Opaque(img) != Opaque(small) {
			t.Errorf("%s: opaque %t, then %t", kind, Opaque(img), Opaque(small))
		}
		for _, c := range []int{1, 3} {
			got, want := FromImage(small, 20, 30, c), FromImage(img, 20, 30, c)
			for i := range got {
				if d := int(got[i]) - int(want[i]); d < -1 || d > 1 { // grey from rounded colours
					t.Fatalf("%s, %d channels: %d, want %d", kind, c, got[i], want[i])
				}
			}
		}
		if again := Shrink(small, 30); again != small {
			t.Errorf("%s: a small picture is changed", kind)
		}
	}
	if size := Shrink(image.NewGray(image.Rect(0, 0, 1000, 1)), 10).Bounds().Size(); size != image.Pt(10, 1) {
		t.Errorf("a line becomes %v", size)
	}
	// Half of a red and a transparent pixel is half a red one.
	img := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	img.SetNRGBA(0, 0, color.NRGBA{200, 0, 0, 255})
	img.SetNRGBA(1, 0, color.NRGBA{0, 255, 255, 0})
	if got := Shrink(img, 1).At(0, 0); got != (color.RGBA{100, 0, 0, 128}) {
		t.Errorf("red and nothing: %v", got)
	}
}

func TestOver(t *testing.T) {
	for _, tt := range []struct {
		name   string
		colour color.Color
		want   color.RGBA
	}{
		{"straight", color.NRGBA{200, 100, 0, 128}, color.RGBA{227, 177, 127, 255}},
		{"premultiplied", color.RGBA{100, 50, 0, 128}, color.RGBA{227, 177, 127, 255}},
		{"transparent", color.NRGBA{200, 100, 0, 0}, color.RGBA{255, 255, 255, 255}},
		{"16 bits", color.NRGBA64{200 << 8, 100 << 8, 0, 0x8080}, color.RGBA{227, 177, 127, 255}},
	} {
		for _, img := range []draw.Image{
			image.NewNRGBA(image.Rect(2, 3, 4, 5)), image.NewRGBA(image.Rect(2, 3, 4, 5)), image.NewNRGBA64(image.Rect(2, 3, 4, 5)),
			image.NewPaletted(image.Rect(2, 3, 4, 5), color.Palette{color.Black, tt.colour}),
		} {
			img.Set(3, 4, tt.colour)
			got := Over(img, color.White)
			if !Opaque(got) {
				t.Errorf("%s in %T: not opaque", tt.name, img)
			}
			r, g, b, _ := got.At(1, 1).RGBA()
			for k, d := range []int{int(r>>8) - int(tt.want.R), int(g>>8) - int(tt.want.G), int(b>>8) - int(tt.want.B)} {
				if d < -1 || d > 1 {
					t.Errorf("%s in %T: channel %d is off by %d", tt.name, img, k, d)
				}
			}
		}
	}
	if img := image.NewGray(image.Rect(0, 0, 2, 2)); Over(img, color.White) != image.Image(img) {
		t.Error("an opaque picture is copied")
	}
}

// A grey picture with any opacity stays grey over a grey ground.
func TestOverGrey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, a, ground := rapid.Byte().Draw(t, "grey"), rapid.Byte().Draw(t, "opacity"), rapid.Byte().Draw(t, "ground")
		img := image.NewNRGBA(image.Rect(0, 0, 1, 1))
		img.SetNRGBA(0, 0, color.NRGBA{v, v, v, a})
		got := FromImage(Over(img, color.Gray{ground}), 1, 1, 3)
		want := (int(v)*int(a) + int(ground)*(255-int(a))) / 255
		if got[0] != got[1] || got[1] != got[2] || int(got[0]) < want-1 || int(got[0]) > want+1 {
			t.Fatalf("%d at %d over %d: %v, want %d", v, a, ground, got, want)
		}
	})
}

// A picture shrinks and grows to any size within bounds.
func FuzzFromImage(f *testing.F) {
	f.Add(uint16(1), uint16(5000), uint8(28), uint8(28), uint8(0))
	f.Add(uint16(300), uint16(2), uint8(1), uint8(255), uint8(8))
	f.Add(uint16(0), uint16(7), uint8(3), uint8(3), uint8(9))
	f.Fuzz(func(t *testing.T, h, w uint16, toH, toW, kind uint8) {
		if int(h)*int(w) > 1<<16 {
			t.Skip("a large picture")
		}
		kinds := kinds()
		img := coloured(kinds[int(kind)%len(kinds)], int(h), int(w))
		for _, c := range []int{1, 3} {
			if got := FromImage(img, int(toH), int(toW), c); len(got) != int(toH)*int(toW)*c {
				t.Errorf("%d bytes", len(got))
			}
		}
		longest := max(1, int(toW))
		if size := Shrink(img, longest).Bounds().Size(); max(size.X, size.Y) > longest {
			t.Errorf("shrunk to %v", size)
		}
	})
}

func BenchmarkFromImage(b *testing.B) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, coloured("4:2:0", 3024, 4032), nil); err != nil {
		b.Fatal(err)
	}
	img, err := DecodeImage(file.Bytes(), 0)
	if err != nil {
		b.Fatal(err)
	}
	for _, orientation := range []int{1, 6} {
		img := upright(img, orientation)
		for _, c := range []int{1, 3} {
			b.Run(fmt.Sprintf("orientation %d, %d channels", orientation, c), func(b *testing.B) {
				for b.Loop() {
					FromImage(img, 32, 32, c)
				}
			})
		}
		b.Run(fmt.Sprintf("orientation %d, shrunk", orientation), func(b *testing.B) {
			for b.Loop() {
				Shrink(img, 512)
			}
		})
	}
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := DecodeImage(file.Bytes(), 0); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func ExampleShrink() {
	photograph := image.NewYCbCr(image.Rect(0, 0, 4032, 3024), image.YCbCrSubsampleRatio420)
	fmt.Println(Shrink(photograph, 512).Bounds().Size())
	// Output: (512,384)
}

func ExampleOver() {
	ink := image.NewNRGBA(image.Rect(0, 0, 2, 1)) // black ink, and nothing
	ink.SetNRGBA(0, 0, color.NRGBA{A: 255})
	fmt.Printf("%d over white\n", FromImage(Over(ink, color.White), 1, 2, 1))
	fmt.Printf("%d over black\n", FromImage(ink, 1, 2, 1))
	// Output:
	// [0 255] over white
	// [0 0] over black
}
