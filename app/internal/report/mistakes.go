package report

import "fmt"

// maxPictures is the most mistakes shown, shownSide their size in CSS pixels.
const (
	maxPictures = 40
	shownSide   = 96
)

// mistake is an image classified wrongly.
type mistake struct {
	shownPicture
	Index       int
	Label       string
	Predicted   string
	Probability float64
}

// mistakes returns those made with most confidence. There are none if the images are
// not at hand or are not pictures.
func mistakes(in *Input) ([]mistake, error) {
	set := in.Images.Set
	if set == nil || (set.C != 1 && set.C != 3) {
		return nil, nil
	}
	var out []mistake
	for _, m := range in.Test.Mistakes[:min(maxPictures, len(in.Test.Mistakes))] {
		picture, err := shown(set.Picture(int(in.Images.Index[m.Index])), "")
		if err != nil {
			return nil, fmt.Errorf("image %d: %w", m.Index, err)
		}
		picture.Width, picture.Height = shownSize(set.W, set.H, shownSide)
		out = append(out, mistake{
			shownPicture: picture, Index: m.Index, Label: in.Model.Classes()[m.Label], Predicted: in.Model.Classes()[m.Predicted],
			Probability: float64(m.Probability),
		})
	}
	return out, nil
}
