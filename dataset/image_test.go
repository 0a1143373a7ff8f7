package dataset

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"
)

// picture makes an h x w image of one colour.
func picture(h, w int, c color.Color) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	return img
}

func pngOf(img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func jpegOf(img image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestFromImage(t *testing.T) {
	red := picture(2, 3, color.RGBA{200, 10, 20, 255})
	if got := FromImage(red, 2, 3, 3); !slices.Equal(got[:6], []uint8{200, 10, 20, 200, 10, 20}) || len(got) != 18 {
		t.Errorf("RGB: %v", got)
	}
	grey := color.GrayModel.Convert(color.RGBA{200, 10, 20, 255}).(color.Gray).Y //nolint:errcheck // the model's type
	if got := FromImage(red, 2, 3, 1); !slices.Equal(got, slices.Repeat([]uint8{grey}, 6)) {
		t.Errorf("grey: %v, want %d", got, grey)
	}
	if got := FromImage(picture(1, 1, color.NRGBA{255, 255, 255, 0}), 1, 1, 3); !slices.Equal(got, []uint8{0, 0, 0}) {
		t.Errorf("transparent: %v", got)
	}
	// An image that does not begin at the origin.
	sub := red.(*image.RGBA).SubImage(image.Rect(1, 1, 3, 2)) //nolint:errcheck // made by picture
	if got := FromImage(sub, 1, 2, 3); !slices.Equal(got, []uint8{200, 10, 20, 200, 10, 20}) {
		t.Errorf("part: %v", got)
	}
	for _, size := range []Size{{5, 7}, {1, 1}, {2, 6}} {
		if got := FromImage(red, size.H, size.W, 3); !slices.Equal(got, slices.Repeat([]uint8{200, 10, 20}, size.H*size.W)) {
			t.Errorf("%v: one colour becomes %v", size, got)
		}
	}
}

// Pictures of a set turn back into its pixels.
func TestPictureRoundTrip(t *testing.T) {
	for _, c := range []int{1, 3} {
		s := &Set{Classes: numbered(1), H: 3, W: 5, C: c, Pixels: make([]uint8, 30*c), Labels: make([]uint16, 2)}
		for i := range s.Pixels {
			s.Pixels[i] = uint8(i * 7)
		}
		if got := FromImage(s.Picture(1), 3, 5, c); !slices.Equal(got, s.Image(1)) {
			t.Errorf("%d channels: %v, want %v", c, got, s.Image(1))
		}
	}
}

func TestResize(t *testing.T) {
	data, err := Load(t.Context(), "digits", Options{Size: Size{4, 5}})
	if err != nil {
		t.Fatal(err)
	}
	checkSet(t, data.Train)
	checkSet(t, data.Test)
	if data.Test.H != 4 || data.Test.W != 5 {
		t.Errorf("resized to %dx%d", data.Test.H, data.Test.W)
	}
	whole, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	before, after := MeasureNormalisation(whole.Train.All()).Mean[0], MeasureNormalisation(data.Train.All()).Mean[0]
	if d := after - before; !(d < 0.02 && d > -0.02) {
		t.Errorf("mean goes from %g to %g", before, after)
	}
	for _, size := range []Size{{-1, 5}, {0, 5}, {1 << 30, 1 << 30}} {
		if _, err := Load(t.Context(), "digits", Options{Size: size}); err == nil {
			t.Errorf("size %v accepted", size)
		}
	}
}

// Resizing and reading end with their context.
func TestResizeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	names := []string{"digits"}
	for _, files := range []map[string][]byte{smallIDX(), smallCIFAR()} {
		dir := t.TempDir()
		writeFiles(t, dir, files)
		names = append(names, dir)
	}
	for _, name := range names {
		if _, err := Load(ctx, name, Options{Size: Size{30, 30}}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAverage: a smaller picture has the averages over its pixels' areas.
func TestAverage(t *testing.T) {
	img := &image.Gray{Pix: []uint8{
		0, 10, 20, 30,
		40, 50, 60, 70,
		80, 90, 100, 110,
	}, Stride: 4, Rect: image.Rect(0, 0, 4, 3)}
	for _, tt := range []struct {
		h, w int
		want []uint8
	}{
		{3, 2, []uint8{5, 25, 45, 65, 85, 105}},
		{1, 1, []uint8{55}},
		{1, 3, []uint8{43, 55, 68}},                     // 4/3 columns each
		{2, 4, []uint8{13, 23, 33, 43, 67, 77, 87, 97}}, // 3/2 rows each
	} {
		if got := FromImage(img, tt.h, tt.w, 1); !slices.Equal(got, tt.want) {
			t.Errorf("%dx%d: got %v, want %v", tt.h, tt.w, got, tt.want)
		}
	}
}

func TestShufflePixels(t *testing.T) {
	data, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	a, b := data.ShufflePixels(1), data.ShufflePixels(2)
	if slices.Equal(a.Train.Pixels, data.Train.Pixels) || slices.Equal(a.Train.Pixels, b.Train.Pixels) {
		t.Error("the pixels stand where they did")
	}
	if !slices.Equal(a.Test.Labels, data.Test.Labels) {
		t.Error("the labels changed")
	}
	// One permutation for all images: of each pixel, the values over the images
	// are those of another.
	column := func(s *Set, site int) string {
		var values []byte
		for i := range s.Len() {
			values = append(values, s.Image(i)[site])
		}
		return string(values)
	}
	before, after := []string{}, []string{}
	for site := range 64 {
		before, after = append(before, column(data.Train, site)), append(after, column(a.Train, site))
	}
	slices.Sort(before)
	slices.Sort(after)
	if !slices.Equal(before, after) {
		t.Error("the images were not shuffled alike")
	}
}

func TestMirrored(t *testing.T) {
	s := &Set{H: 2, W: 3, C: 2, Labels: []uint16{1}, Pixels: []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}
	m := s.Mirrored()
	if want := []uint8{5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8}; !slices.Equal(m.Pixels, want) {
		t.Errorf("mirrored %v, want %v", m.Pixels, want)
	}
	if again := m.Mirrored(); !slices.Equal(again.Pixels, s.Pixels) {
		t.Errorf("mirrored twice %v", again.Pixels)
	}
}
