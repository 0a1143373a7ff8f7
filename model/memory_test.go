package model_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/memory/memorytest"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// numbered returns n names of classes.
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	return names
}

// A small file can hold a network that takes much memory. It is refused when it is used,
// in one line, or takes little.
func TestSmallFileTakesLittle(t *testing.T) {
	for name, tt := range map[string]struct {
		net     string
		classes int
	}{
		"lattice":      {"Input(8192,8192,1) CG(1,1,1,1,1) AvgPool Linear(2)", 2},
		"padding":      {"Input(8,8,1) Conv(1,1,1,1,1,8000) AvgPool Linear(2)", 2},
		"channels":     {"Input(300,300,3) Conv(1,1,2000,1,1) AvgPool Linear(2)", 2},
		"just fitting": {"Input(900,900,1) Conv(2,2,1,1,1) AvgPool Linear(2)", 2},
		"many classes": {"Input(4,4,1) AvgPool Linear(20000)", 20000},
		"long":         {"Input(4,4,1) " + strings.Repeat("Norm ", 9000) + "AvgPool Linear(2)", 2},
	} {
		file := fileOf(t, compile(t, config(t, tt.net, numbered(tt.classes)...)))
		m, err := model.Decode(file, model.Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		in := m.Net().Input
		set := &dataset.Set{H: in.H, W: in.W, C: in.C, Pixels: make([]uint8, 2*in.Size()), Labels: []uint16{0, 1}, Classes: m.Classes()[:2]}
		took := memorytest.Allocated(func() {
			_, err = m.Evaluate(t.Context(), set.All())
			if err == nil {
				_, err = m.PredictBatch(t.Context(), []image.Image{image.NewGray(image.Rect(0, 0, 3, 3))})
			}
		})
		if err != nil && (!errors.Is(err, tensor.ErrMemory) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: error %v, want %v", name, err, tensor.ErrMemory)
		}
		if most := 160e6 + 10*float64(len(file)); took > most {
			t.Errorf("%s: a file of %d bytes takes %.0f MB, error %v", name, len(file), took/1e6, err)
		}
	}
}

// The counts of 60,000 classes by 60,000 would take 29 GB.
func TestTooManyAnswers(t *testing.T) {
	m := compile(t, config(t, "Input(1,1,1) Linear(60000)", numbered(60000)...))
	m, err := model.New(m.Config(), model.Options{Memory: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	set := &dataset.Set{H: 1, W: 1, C: 1, Pixels: make([]uint8, 3), Labels: make([]uint16, 3), Classes: m.Classes()[:2]}
	if _, err = m.Evaluate(t.Context(), set.All()); !errors.Is(err, tensor.ErrMemory) {
		t.Errorf("evaluation: error %v, want %v", err, tensor.ErrMemory)
	}
	if _, err = m.PredictFiles(t.Context(), make([]string, 10_000), nil); !errors.Is(err, tensor.ErrMemory) {
		t.Errorf("prediction: error %v, want %v", err, tensor.ErrMemory)
	}
	if _, err = m.Logits(t.Context(), tensor.New(10_000, 1, 1, 1)); !errors.Is(err, tensor.ErrMemory) {
		t.Errorf("logits: error %v, want %v", err, tensor.ErrMemory)
	}
}

// A model may hold less than it was loaded with, beside what was loaded since.
func TestWithin(t *testing.T) {
	m := compile(t, config(t, "Input(1,1,1) Linear(1000)", numbered(1000)...))
	images := tensor.New(10_000, 1, 1, 1)
	less := m.Within(20 << 20)
	if _, err := less.Logits(t.Context(), images); !errors.Is(err, tensor.ErrMemory) || less.Memory() != 20<<20-4*2000 {
		t.Errorf("%d bytes left, error %v, want %v", less.Memory(), err, tensor.ErrMemory)
	}
	if _, err := m.Within(0).Logits(t.Context(), images); err != nil {
		t.Error(err)
	}
}

func TestLongClassName(t *testing.T) {
	c := config(t, "Input(1,1,1) Linear(2)", "a", strings.Repeat("b", 1<<20))
	_, err := model.New(c)
	oneLine(t, err, "has 1048576 bytes, at most")
	if len(err.Error()) > 200 {
		t.Errorf("a line of %d bytes", len(err.Error()))
	}
}

// Pictures are classified in parts that fit into the memory. The answers are the same, and
// in order.
func TestPredictFilesInParts(t *testing.T) {
	dir := t.TempDir()
	c := config(t, "Input(32,32,1) AvgPool(4,4,4,4) Linear(3)", "a", "b", "c")
	var files []string
	for i := range 20 {
		img := image.NewGray(image.Rect(0, 0, 32, 32))
		for j := range img.Pix {
			img.Pix[j] = uint8(i * j)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		content := b.Bytes()
		if i%7 == 3 {
			content = []byte("no picture")
		}
		files = append(files, filepath.Join(dir, fmt.Sprintf("%02d.png", i)))
		if err := os.WriteFile(files[i], content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var first *model.Predictions
	for _, bytes := range []int64{0, 75_000, 100_000} { // the last two for 9 and 12 pictures
		m, err := model.New(c, model.Options{Memory: bytes, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		out, err := m.PredictFiles(t.Context(), files, func(p model.FilePrediction) error {
			if len(p.Pixels) != 32*32 {
				t.Errorf("%s is seen with %d pixels", p.File, len(p.Pixels))
			}
			seen = append(seen, p.File)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = out
		}
		if len(out.Predictions) != 17 || len(out.Unreadable) != 3 || len(seen) != 17 {
			t.Errorf("%d answers, %d seen, %d unreadable", len(out.Predictions), len(seen), len(out.Unreadable))
		}
		for i, p := range out.Predictions {
			if want := first.Predictions[i]; p.File != seen[i] || p.File != want.File || !slices.Equal(p.Logits, want.Logits) || p.Pixels != nil {
				t.Errorf("in %d bytes answer %d is %v, want %v", bytes, i, p, want)
			}
		}
	}
}

// odd is a picture that computes its pixels.
type odd image.Rectangle

func (odd) ColorModel() color.Model   { return color.GrayModel }
func (o odd) Bounds() image.Rectangle { return image.Rectangle(o) }
func (odd) At(x, _ int) color.Color   { return color.Gray{Y: uint8(x)} }

// Whatever bounds a picture has, it is prepared or refused.
func TestOddPictures(t *testing.T) {
	corner := func(x0, y0, x1, y1 int) odd {
		return odd{Min: image.Pt(x0, y0), Max: image.Pt(x1, y1)}
	}
	for _, net := range []string{"Input(8,8,1) AvgPool Linear(2)", "Input(8,8,3) AvgPool Linear(2)"} {
		for _, kind := range model.PreparationKinds() {
			m, err := model.New(config(t, net, "a", "b"), model.Options{Prepare: kind})
			if err != nil {
				continue // drawings are grey
			}
			for _, tt := range []struct {
				img  image.Image
				want string
			}{
				{nil, "there is no picture"},
				{odd{}, "the picture is empty"},
				{corner(0, 0, 0, 5), "the picture is empty"},
				{corner(5, 5, 1, 1), "the picture is empty"},
				{corner(math.MinInt, math.MinInt, math.MaxInt, math.MaxInt), "pixels, at most"},
				{corner(0, 0, math.MaxInt, math.MaxInt), "pixels, at most"},
				{corner(0, 0, 1, math.MaxInt), "pixels, at most"},
				{corner(-1<<40, 0, 1<<40, 1<<40), "pixels, at most"},
				{corner(-20, -30, -10, -7), ""},
				{corner(math.MaxInt-9, math.MinInt, math.MaxInt, math.MinInt+9), ""},
				{corner(0, 0, 1, 1), ""},
				{corner(0, 0, 3000, 1), ""},
			} {
				p, err := m.Predict(tt.img)
				switch {
				case tt.want != "":
					oneLine(t, err, tt.want)
				case err != nil || len(p.Pixels) != m.Net().Input.Size():
					t.Errorf("%s, %s, %v: %d pixels, error %v", net, kind, tt.img, len(p.Pixels), err)
				}
			}
		}
	}
}

// A picture is not enlarged beyond the memory.
func TestPrepareTooLarge(t *testing.T) {
	net, err := spec.Parse("Input(8192,8192,1) AvgPool Linear(2)")
	if err != nil {
		t.Fatal(err)
	}
	c := config(t, "Input(1,1,1) Linear(2)", "a", "b")
	c.Net, c.Params = net, engine.Init(net, 1)
	m, err := model.New(c, model.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	took := memorytest.Allocated(func() { _, err = m.Prepare(image.NewGray(image.Rect(0, 0, 3, 3000))) })
	if !errors.Is(err, tensor.ErrMemory) || took > 1e6 {
		t.Errorf("error %v, took %.0f MB", err, took/1e6)
	}
}

// Images are disturbed in parts, so that it can be interrupted. The figures are those of
// all.
func TestRobustnessInParts(t *testing.T) {
	const n = 520
	c := config(t, "Input(64,64,1) AvgPool(8,8,8,8) Linear(2)", "a", "b")
	m, random := compile(t, c), rng.New(1, "pictures")
	set := &dataset.Set{H: 64, W: 64, C: 1, Pixels: make([]uint8, n*64*64), Labels: make([]uint16, n), Classes: c.Classes}
	for i := range set.Pixels {
		set.Pixels[i] = uint8(random.IntN(256))
	}
	for i := range set.Labels {
		set.Labels[i] = uint16(i % 2)
	}
	plain, err := m.Evaluate(t.Context(), set.All())
	if err != nil {
		t.Fatal(err)
	}
	list, err := m.Robustness(t.Context(), set.All(), plain)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range dataset.Disturbances() {
		e, err := m.Evaluate(t.Context(), d.Apply(set.All(), 1).All())
		if err != nil {
			t.Fatal(err)
		}
		if list[i+1].Accuracy != e.Accuracy() {
			t.Errorf("%s: accuracy %v in parts, %v at once", d, list[i+1].Accuracy, e.Accuracy())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	images := 0
	_, err = m.Robustness(ctx, set.All(), plain, func(seen *dataset.Set) *dataset.Set {
		cancel()
		images += seen.Len()
		return seen
	})
	if !errors.Is(err, context.Canceled) || images == n {
		t.Errorf("interrupted: error %v after %d images were disturbed", err, images)
	}
}
