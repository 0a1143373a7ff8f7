package model_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

// drawings is a model of drawings as MNIST's are.
func drawings(t testing.TB, opts ...model.Options) *model.Model {
	t.Helper()
	c := config(t, "Input(28,28,1) AvgPool(7,7,7,7) Linear(2)", "a", "b")
	c.Normalisation = dataset.Normalisation{Mean: []float32{0.13}, Std: []float32{0.3}}
	c.Preparation = model.Preparation{Kind: model.PrepareDrawing, Box: 20, Centre: model.CentreMass}
	m, err := model.New(c, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// zigzag draws three strokes as a mask of opacities, in a picture of side x side.
func zigzag(side, left, top, size, pen int) *image.Alpha {
	mask := image.NewAlpha(image.Rect(0, 0, side, side))
	points := [][2]int{{0, 0}, {size, size / 5}, {size / 4, size * 3 / 5}, {size * 9 / 10, size}}
	for i, from := range points[:len(points)-1] {
		to := points[i+1]
		const steps = 400
		for s := range steps + 1 {
			x, y := left+from[0]+(to[0]-from[0])*s/steps, top+from[1]+(to[1]-from[1])*s/steps
			draw.Draw(mask, image.Rect(x-pen/2, y-pen/2, x-pen/2+pen, y-pen/2+pen), image.Opaque, image.Point{}, draw.Src)
		}
	}
	return mask
}

// inked draws through a mask in one colour on another.
func inked(mask *image.Alpha, paper, ink color.Color) *image.NRGBA {
	img := image.NewNRGBA(mask.Bounds())
	draw.Draw(img, img.Rect, image.NewUniform(paper), image.Point{}, draw.Src)
	draw.DrawMask(img, img.Rect, image.NewUniform(ink), image.Point{}, mask, image.Point{}, draw.Over)
	return img
}

// likeMNIST is a drawing in the form of MNIST, as Prepare makes it.
func likeMNIST(t testing.TB) []uint8 {
	t.Helper()
	p, err := drawings(t).Prepare(inked(zigzag(300, 90, 60, 150, 18), color.Black, color.White))
	if err != nil || p.Found != 1 || p.Inverted {
		t.Fatalf("the drawing is %+v (%v)", p, err)
	}
	return p.Pixels
}

func asPicture(pixels []uint8) *image.Gray {
	return &image.Gray{Pix: pixels, Stride: 28, Rect: image.Rect(0, 0, 28, 28)}
}

// An image as the training images are passes unchanged, and its negative is only
// inverted; so does one that is off by one in one channel of a pixel.
func TestPreparedPasses(t *testing.T) {
	m, want := drawings(t), likeMNIST(t)
	dark := slices.Clone(want)
	for i := range dark {
		dark[i] = 0xff - dark[i]
	}
	tinted := image.NewNRGBA(image.Rect(0, 0, 28, 28))
	draw.Draw(tinted, tinted.Rect, asPicture(dark), image.Point{}, draw.Src)
	tinted.Pix[2]--
	for _, tt := range []struct {
		name  string
		img   image.Image
		notes []string
	}{
		{"as it is", asPicture(want), []string{}},
		{"dark on light", asPicture(dark), []string{"light and dark exchanged"}},
		{"tinted", tinted, []string{"converted to grey", "light and dark exchanged"}},
	} {
		p, err := m.Prepare(tt.img)
		if err != nil || !slices.Equal(p.Pixels, want) || !slices.Equal(p.Notes, tt.notes) || p.Found != 1 {
			t.Errorf("%s: pixels changed: %v, notes %q, want %q (%v)", tt.name, !slices.Equal(p.Pixels, want), p.Notes, tt.notes, err)
		}
		if answer, err := m.Predict(tt.img); err != nil || !slices.Equal(answer.Prepared, tt.notes) || !slices.Equal(answer.Pixels, want) {
			t.Errorf("%s: the prediction says %q (%v)", tt.name, answer.Prepared, err)
		}
	}
}

// Ink of any colour on a transparent ground is found, as is a drawing on paper anywhere.
func TestPrepareDrawings(t *testing.T) {
	m, want := drawings(t), likeMNIST(t)
	middle, corner := zigzag(300, 90, 60, 150, 18), zigzag(300, 12, 140, 150, 18)
	none := color.NRGBA{}
	for _, tt := range []struct {
		name string
		img  image.Image
		note string
	}{
		{"black on transparent", inked(middle, none, color.Black), "laid over white"},
		{"white on transparent", inked(middle, none, color.White), "laid over black"},
		{"red on transparent", inked(middle, none, color.NRGBA{200, 0, 0, 255}), "laid over white"},
		{"black that fills its picture", inked(middle, none, color.Black).SubImage(image.Rect(80, 50, 250, 220)), "laid over white"},
		{"ink on grey paper", inked(corner, color.Gray{150}, color.Gray{20}), "light and dark exchanged"},
		{"ink on yellow paper", inked(corner, color.NRGBA{240, 220, 160, 255}, color.NRGBA{20, 40, 130, 255}), "converted to grey"},
		{"chalk", inked(corner, color.Gray{40}, color.Gray{230}), "cropped to the drawing"},
	} {
		p, err := m.Prepare(tt.img)
		if err != nil || p.Found != 1 || !slices.Contains(p.Notes, tt.note) {
			t.Errorf("%s: %d found, notes %q, want %q (%v)", tt.name, p.Found, p.Notes, tt.note, err)
		}
		if far := distance(p.Pixels, want); !(far <= 0.25) {
			t.Errorf("%s: it differs from the drawing by %v", tt.name, far)
		}
	}
}

// distance is that of two images in units of the second.
func distance(got, want []uint8) float64 {
	var far, all float64
	for i, v := range want {
		d := float64(got[i]) - float64(v)
		far, all = far+d*d, all+float64(v)*float64(v)
	}
	return math.Sqrt(far / all)
}

func TestNothingDrawn(t *testing.T) {
	m := drawings(t)
	noise := image.NewGray(image.Rect(0, 0, 28, 28))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(random.UintN(256))
	}
	two := inked(zigzag(400, 30, 120, 130, 14), color.White, color.Black)
	draw.DrawMask(two, two.Rect, image.Black, image.Point{}, zigzag(400, 240, 120, 130, 14), image.Point{}, draw.Over)
	for _, tt := range []struct {
		name, reason string
		img          image.Image
	}{
		{"white", model.ReasonEmpty, pixel(255, 255, 255, 64, 64)},
		{"grey", model.ReasonEmpty, pixel(119, 119, 119, 64, 64)},
		{"black", model.ReasonEmpty, pixel(0, 0, 0, 28, 28)},
		{"noise", model.ReasonEmpty, noise},
		{"transparent", model.ReasonEmpty, image.NewNRGBA(image.Rect(0, 0, 40, 40))},
		{"two", model.ReasonSeveral, two},
	} {
		p, err := m.Predict(tt.img)
		if err != nil || !p.Outside || p.Reason != tt.reason {
			t.Errorf("%s: outside %v, %q, want %q (%v)", tt.name, p.Outside, p.Reason, tt.reason, err)
		}
	}
}

// The options override what is recorded.
func TestPrepareOptions(t *testing.T) {
	paper := inked(zigzag(300, 12, 140, 150, 18), color.White, color.Black)
	wide := image.NewNRGBA(image.Rect(7, 9, 67, 29)) // its middle is red
	draw.Draw(wide, image.Rect(27, 9, 47, 29), image.NewUniform(color.NRGBA{255, 0, 0, 255}), image.Point{}, draw.Src)
	draw.Draw(wide, wide.Rect, image.Black, image.Point{}, draw.Over)
	draw.Draw(wide, image.Rect(27, 9, 47, 29), image.NewUniform(color.NRGBA{255, 0, 0, 255}), image.Point{}, draw.Src)
	colours := config(t, "Input(4,4,3) Linear(2)", "a", "b")
	cropping, err := model.New(colours, model.Options{Prepare: model.PrepareCrop})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := cropping.Prepare(wide); err != nil || p.Pixels[0] != 255 || p.Pixels[45] != 255 || !slices.Contains(p.Notes, "cropped to the middle") {
		t.Errorf("cropped %v, notes %q (%v)", p.Pixels, p.Notes, err)
	}
	for _, o := range []model.Options{{Prepare: model.PrepareNone}, {Prepare: model.PrepareWhole}, {Invert: model.InvertYes}} {
		p, err := drawings(t, o).Prepare(paper)
		want := dataset.FromImage(paper, 28, 28, 1)
		for i, v := range want {
			want[i] = 0xff - v
		}
		if err != nil || !slices.Equal(p.Pixels, want) || !p.Inverted {
			t.Errorf("%+v: not the whole picture, inverted: notes %q (%v)", o, p.Notes, err)
		}
	}
	if _, err := model.New(colours, model.Options{Prepare: model.PrepareDrawing}); err == nil || !strings.Contains(err.Error(), "drawings are grey") {
		t.Errorf("drawings in colour: error %v", err)
	}
	if _, err := model.New(colours, model.Options{Prepare: "somehow"}); err == nil || !strings.Contains(err.Error(), `preparation is "somehow": want auto, `) {
		t.Errorf("an unknown preparation: error %v", err)
	}
}

// The record is kept in the file; impossible ones are refused.
func TestPreparationInFile(t *testing.T) {
	m := drawings(t)
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	again, err := model.Decode(b.Bytes())
	if err != nil || again.Config().Preparation != m.Config().Preparation {
		t.Errorf("preparation %+v is read as %+v (%v)", m.Config().Preparation, again.Config().Preparation, err)
	}
	for _, bad := range []model.Preparation{
		{Kind: "odd"}, {Kind: model.PrepareAuto}, {Kind: model.PrepareDrawing},
		{Kind: model.PrepareDrawing, Box: 29, Centre: model.CentreMass}, {Kind: model.PrepareDrawing, Box: 20},
	} {
		c := m.Config()
		c.Preparation = bad
		if _, err := model.New(c); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}

func TestMeasurePreparation(t *testing.T) {
	digits, err := dataset.Digits()
	if err != nil {
		t.Fatal(err)
	}
	want := model.Preparation{Kind: model.PrepareDrawing, Box: 8, Centre: model.CentreBox}
	if got := model.MeasurePreparation(digits.Train.All()); got != want {
		t.Errorf("the digits are %+v, want %+v", got, want)
	}
	dark := *digits.Train
	dark.Pixels = slices.Clone(dark.Pixels)
	for i, v := range dark.Pixels {
		dark.Pixels[i] = 0xff - v
	}
	colours := &dataset.Set{H: 1, W: 1, C: 3, Pixels: []uint8{1, 2, 3}, Labels: []uint16{0}}
	for _, tt := range []struct {
		set  *dataset.Set
		want model.PreparationKind
	}{{&dark, model.PrepareNone}, {colours, model.PrepareWhole}, {greys(), model.PrepareNone}, {greys(1, 200), model.PrepareNone}} {
		if got := model.MeasurePreparation(tt.set.All()); got.Kind != tt.want {
			t.Errorf("preparation %+v, want %s", got, tt.want)
		}
	}
	for name, want := range map[string]model.Preparation{
		"mnist": {Kind: model.PrepareDrawing, Box: 20, Centre: model.CentreMass}, "fashion-mnist": {Kind: model.PrepareNone},
	} {
		data, err := dataset.Load(t.Context(), name, dataset.Options{Dirs: []string{os.Getenv("TAYLORNET_DATA")}})
		if err != nil {
			t.Log(err)
			continue
		}
		if got := model.MeasurePreparation(data.Train.All()); got != want {
			t.Errorf("%s is %+v, want %+v", name, got, want)
		}
	}
}

// What is prepared passes unchanged, for drawings of any size and place, on any paper.
func TestPrepareTwice(t *testing.T) {
	m := drawings(t)
	rapid.Check(t, func(r *rapid.T) {
		side := rapid.IntRange(120, 400).Draw(r, "side")
		size := rapid.IntRange(side/3, side*2/3).Draw(r, "size")
		pen := rapid.IntRange(max(2, size/14), max(2, size/7)).Draw(r, "pen")
		place := func(name string) int { return rapid.IntRange(side/20+pen, side-size-side/20-pen).Draw(r, name) }
		mask := zigzag(side, place("left"), place("top"), size, pen)
		paper, ink := rapid.Uint8Range(90, 255).Draw(r, "paper"), rapid.Uint8Range(0, 30).Draw(r, "ink")
		once, err := m.Prepare(inked(mask, color.Gray{paper}, color.Gray{ink}))
		if err != nil || once.Found != 1 {
			r.Fatalf("%d found (%v)", once.Found, err)
		}
		twice, err := m.Prepare(asPicture(once.Pixels))
		if err != nil || !slices.Equal(once.Pixels, twice.Pixels) || len(twice.Notes) > 0 {
			r.Fatalf("prepared again it differs by %v, notes %q (%v)", distance(twice.Pixels, once.Pixels), twice.Notes, err)
		}
	})
}

// The answers so far are returned when the work is interrupted.
func TestPredictFilesInterrupted(t *testing.T) {
	file, m := filepath.Join(t.TempDir(), "good.png"), drawings(t)
	var b bytes.Buffer
	if err := png.Encode(&b, asPicture(likeMNIST(t))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	const pictures = 1200
	ctx, cancel := context.WithCancel(t.Context())
	out, err := m.PredictFiles(ctx, slices.Repeat([]string{file}, pictures), func(model.FilePrediction) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || out == nil || len(out.Predictions) == 0 || len(out.Predictions) == pictures {
		t.Fatalf("%v: %+v", err, out)
	}
}

// Files that are no pictures do not keep the others from being answered, each as if it
// were alone.
func TestPredictFiles(t *testing.T) {
	dir, m := t.TempDir(), drawings(t)
	var b bytes.Buffer
	if err := png.Encode(&b, asPicture(likeMNIST(t))); err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, f := range []struct {
		name    string
		content []byte
	}{
		{"good.png", b.Bytes()}, {"cut.png", b.Bytes()[:b.Len()-30]}, {"empty.png", nil},
		{"page.jpg", []byte("<!DOCTYPE html><html>404</html>")}, {"phone.heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")}, {"last.png", b.Bytes()},
	} {
		files = append(files, filepath.Join(dir, f.name))
		if err := os.WriteFile(files[len(files)-1], f.content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	out, err := m.PredictFiles(t.Context(), files, nil)
	if err != nil || len(out.Predictions) != 2 || out.Predictions[1].File != files[5] || len(out.Unreadable) != 4 {
		t.Fatalf("%d answers, %v (%v)", len(out.Predictions), out.Unreadable, err)
	}
	for i, want := range []string{"cut short", "an empty file", "a web page", "a HEIC picture"} {
		if got := out.Unreadable[i].Error; !strings.Contains(got, want) || strings.Contains(got, dir) {
			t.Errorf("%s: %q, want %q", files[i+1], got, want)
		}
	}
}

// Any picture becomes pixels of the model's size.
func FuzzPrepare(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, uint16(28), uint8(0))
	f.Add([]byte{255, 255, 255, 255, 0, 0, 0, 255}, uint16(2), uint8(1))
	f.Add(bytes.Repeat([]byte{9, 200, 9, 255, 0}, 900), uint16(40), uint8(2))
	grey, colour := config(f, "Input(28,20,1) Linear(2)", "a", "b"), config(f, "Input(9,7,3) Linear(2)", "a", "b")
	var models []*model.Model
	for _, kind := range model.PreparationKinds() {
		for _, c := range []model.Config{grey, colour} {
			if m, err := model.New(c, model.Options{Prepare: kind}); err == nil {
				models = append(models, m)
			}
		}
	}
	f.Fuzz(func(t *testing.T, pixels []byte, width uint16, which uint8) {
		w := max(1, int(width)%2000)
		h := len(pixels) / 4 / w
		if h == 0 {
			return
		}
		img := &image.NRGBA{Pix: pixels, Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}
		m := models[int(which)%len(models)]
		p, err := m.Prepare(img)
		if in := m.Net().Input; err != nil || len(p.Pixels) != in.Size() || p.Found < 0 {
			t.Errorf("%dx%d: %d pixels, %d found (%v)", w, h, len(p.Pixels), p.Found, err)
		}
	})
}
