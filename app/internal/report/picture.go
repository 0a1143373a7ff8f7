package report

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"image"
	"image/png"
)

// shownPicture is a picture on a page.
type shownPicture struct {
	URL           template.URL // a PNG
	Width, Height int          // on the page
	Caption       string
}

// shown returns a picture for a page, in its own size.
func shown(img image.Image, caption string) (shownPicture, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return shownPicture{}, err
	}
	return shownPicture{
		URL:   template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())),
		Width: img.Bounds().Dx(), Height: img.Bounds().Dy(), Caption: caption,
	}, nil
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
