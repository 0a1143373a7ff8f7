package cli

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/pretrained"
)

// A picture and its negative have one answer, from the command and from the library.
func TestPredictAsTheLibrary(t *testing.T) {
	light := "../../../docs/images/three.png"
	img, err := dataset.ReadImage(light, 0)
	if err != nil {
		t.Fatal(err)
	}
	dark := filepath.Join(t.TempDir(), "negative.png")
	var b bytes.Buffer
	if err := png.Encode(&b, negative(img)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dark, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	m, err := pretrained.Load("mnist")
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if status := Main([]string{"predict", "mnist", light, dark, "--json"}, &stdout, &stderr); status != 0 {
		t.Fatal(stderr.String())
	}
	var out model.Predictions
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil || len(out.Predictions) != 2 {
		t.Fatalf("%s: %v", stdout.String(), err)
	}
	inverted := 0
	for _, p := range out.Predictions {
		img, err := dataset.ReadImage(p.File, 0)
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Predict(img)
		if err != nil || want.Class != "3" || want.Probability < 0.99 {
			t.Errorf("%s: the library says %s with %v, want 3 (%v)", p.File, want.Class, want.Probability, err)
		}
		if p.Class != want.Class || p.Probability != want.Probability || p.Inverted != want.Inverted || p.Outside != want.Outside {
			t.Errorf("%s: the command says %+v, the library %+v", p.File, p, want)
		}
		if p.Inverted {
			inverted++
		}
	}
	if inverted != 1 {
		t.Errorf("%d of the two were inverted, want 1", inverted)
	}
}

// negative exchanges light and dark of a grey picture.
func negative(img image.Image) image.Image {
	b := img.Bounds()
	out := image.NewGray(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			red, _, _, _ := img.At(x, y).RGBA()
			out.SetGray(x, y, color.Gray{Y: 0xff - uint8(red>>8)})
		}
	}
	return out
}
