package report

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
)

// maxPictures bounds the mistakes shown, shownSide their size in CSS pixels.
const (
	maxPictures = 40
	shownSide   = 96
)

// picture is a mistake as it is shown.
type picture struct {
	URL           template.URL // a PNG
	Width, Height int          // on the page
	Index         int
	Label         string
	Predicted     string
	Probability   float64
}

// pictures are the mistakes made with most confidence. There are none if the
// images are not at hand or are no pictures.
func pictures(in *Input) ([]picture, error) {
	set := in.Images.Set
	if set == nil || (set.C != 1 && set.C != 3) {
		return nil, nil
	}
	var out []picture
	for _, m := range in.Test.Mistakes[:min(maxPictures, len(in.Test.Mistakes))] {
		var b bytes.Buffer
		if err := png.Encode(&b, set.Picture(int(in.Images.Index[m.Index]))); err != nil {
			return nil, fmt.Errorf("image %d: %w", m.Index, err)
		}
		p := picture{
			URL:   template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())),
			Index: m.Index, Label: in.Model.Classes()[m.Label], Predicted: in.Model.Classes()[m.Predicted],
			Probability: float64(m.Probability),
		}
		p.Width, p.Height = shownSize(set.W, set.H, shownSide)
		out = append(out, p)
	}
	return out, nil
}

// shownSize enlarges a picture to a side by a whole number, so that its pixels
// stay square and alike, or shrinks it to fit.
func shownSize(w, h, side int) (int, int) {
	long := max(w, h)
	if long <= side {
		by := side / long
		return w * by, h * by
	}
	return max(1, w*side/long), max(1, h*side/long)
}
