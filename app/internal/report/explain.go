package report

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/png"
	"io"
	"math"
	"strconv"

	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/taylor"
)

// Explained is what a page on a model's polynomial tells of. Only Model is
// required.
type Explained struct {
	Title   string
	Command string // that repeats it
	Model   *model.Model
	About   string // the expansion point, in words
	Levels  []taylor.Level
	Sample  string       // the images that the levels' flow is of, in words
	Maps    []taylor.Map // of one of them
	Images  []ExplainedImage
	// Study is of the second-order coefficients against distance, and Control the
	// same with the pixels shuffled; both may be nil.
	Study, Control *taylor.Distances
}

// ExplainedImage is an image with its explanation.
type ExplainedImage struct {
	Name    string
	Picture image.Image // as the network takes it
	*taylor.Explanation
}

// Figures of an explained image, by the end of their file names.
const (
	AttributionPicture = "attribution"
	PairsPicture       = "pairs"
	MapsPicture        = "maps" // with the number of the level, counted from 1
)

// pictureSide is about the side of an enlarged picture in pixels.
const pictureSide = 280

// zoom is the whole number by which a side is enlarged to about pictureSide.
func zoom(side int) int { return max(1, pictureSide/side) }

// Pictures draws an explained image: by the end of its file name, what each pixel
// contributes to the class, its pairs, and the feature maps at each scale.
func (e *ExplainedImage) Pictures(in *model.Model) map[string]image.Image {
	shape := in.Net().Input
	by := zoom(max(shape.H, shape.W))
	out := map[string]image.Image{
		AttributionPicture: enlarged(Heat(e.Totals[e.Label], shape.H, shape.W, 0), by),
		PairsPicture:       PairPicture(e.Picture, shape.C, e.Pairs, by),
	}
	for i, sheet := range MapPictures(e.Maps) {
		out[MapsPicture+"-"+strconv.Itoa(i+1)] = sheet
	}
	return out
}

// MapPictures draws the feature maps of each level.
func MapPictures(maps []taylor.Map) []image.Image {
	var out []image.Image
	for _, m := range maps {
		sheet := MapSheet(m, 16)
		out = append(out, enlarged(sheet, max(1, 3*pictureSide/sheet.Bounds().Dx())))
	}
	return out
}

func mapCaption(m taylor.Map) string {
	return fmt.Sprintf("after %s: %d channels of %d × %d sites", m.Op, m.Shape.C, m.Shape.H, m.Shape.W)
}

// WriteExplained writes the page, one HTML document. Equal inputs give equal
// bytes.
func WriteExplained(w io.Writer, in Explained) error {
	if in.Model == nil {
		return errors.New("report: there is no model")
	}
	p := &explained{Explained: &in}
	for i := range in.Images {
		image, err := p.image(&in.Images[i])
		if err != nil {
			return fmt.Errorf("report: %s: %w", in.Images[i].Name, err)
		}
		p.Shown = append(p.Shown, image)
	}
	var err error
	if p.Flow, err = flow(in.Levels); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for i, sheet := range MapPictures(in.Maps) {
		picture, err := shown(sheet, mapCaption(in.Maps[i]))
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		p.Sheets = append(p.Sheets, picture)
	}
	if in.Study != nil {
		p.Text = in.Study.Text(in.Control)
		if p.Distances, err = figures(DistanceCharts(in.Study, in.Control)); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return render(w, explainPage, p)
}

// explained is what the page shows.
type explained struct {
	*Explained
	Shown     []shownImage
	Flow      []figure
	Sheets    []shownPicture // of Maps
	Text      string         // of the study
	Distances []figure
}

type shownImage struct {
	Name, Class, RunnerUp string
	Probability           float64
	Input                 shownPicture
	Attributions          []shownPicture // of the class and of the runner-up
	Orders                []shownPicture // of the class, by order
	Pairs                 shownPicture
	Maps                  []shownPicture
	Chart                 *figure  // where there are all orders
	Columns               []string // classes of the table
	Rows                  []orderRow
	Logits                []float64
}

type orderRow struct {
	Order  string
	Values []float64
}

type shownPicture struct {
	URL           template.URL
	Width, Height int
	Caption       string
}

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

// tableClasses is the number of classes in the table of orders.
const tableClasses = 4

func (p *explained) image(e *ExplainedImage) (shownImage, error) {
	classes, in := p.Model.Classes(), p.Model.Net().Input
	s := shownImage{Name: e.Name, Class: classes[e.Label], RunnerUp: classes[e.RunnerUp], Probability: e.Probabilities[e.Label]}
	by := zoom(max(in.H, in.W))
	pictures := e.Pictures(p.Model)
	var err error
	add := func(img image.Image, format string, args ...any) shownPicture {
		picture, fault := shown(img, fmt.Sprintf(format, args...))
		err = errors.Join(err, fault)
		return picture
	}
	s.Input = add(enlarged(e.Picture, by), "%s, as the network takes it", e.Name)
	s.Attributions = append(s.Attributions, add(pictures[AttributionPicture], "for %s", s.Class))
	if e.RunnerUp != e.Label {
		s.Attributions = append(s.Attributions, add(enlarged(Heat(e.Totals[e.RunnerUp], in.H, in.W, 0), by), "for %s", s.RunnerUp))
	}
	for k, shares := range e.Attributions[e.Label] {
		if k > 0 {
			s.Orders = append(s.Orders, add(enlarged(Heat(shares, in.H, in.W, 0), max(1, by/3)), "order %d: %+.2f", k, e.ByOrder[k][e.Label]))
		}
	}
	s.Pairs = add(pictures[PairsPicture], "the %d products of two pixels that contribute most to the second order of %s", len(e.Pairs), s.Class)
	for i, m := range e.Maps {
		s.Maps = append(s.Maps, add(pictures[MapsPicture+"-"+strconv.Itoa(i+1)], "%s", mapCaption(m)))
	}
	if err != nil {
		return s, err
	}
	s.table(e, classes)
	if e.Higher() == nil {
		s.Chart, err = orderChart(e, classes)
	}
	return s, err
}

// table has the orders' contributions to the largest logits.
func (s *shownImage) table(e *ExplainedImage, classes []string) {
	ranked := e.Ranked()
	ranked = ranked[:min(tableClasses, len(ranked))]
	for _, k := range ranked {
		s.Columns, s.Logits = append(s.Columns, classes[k]), append(s.Logits, e.Logits[k])
	}
	row := func(order string, logits []float64) {
		r := orderRow{Order: order}
		for _, k := range ranked {
			r.Values = append(r.Values, logits[k])
		}
		s.Rows = append(s.Rows, r)
	}
	for order, logits := range e.ByOrder {
		row(strconv.Itoa(order), logits)
	}
	if higher := e.Higher(); higher != nil {
		row("higher", higher)
	}
}

// orderChart draws the contributions to the class and to the runner-up by order.
func orderChart(e *ExplainedImage, classes []string) (*figure, error) {
	line := func(k int) Line {
		l := Line{Name: classes[k]}
		for order, logits := range e.ByOrder {
			l.X, l.Y = append(l.X, float64(order)), append(l.Y, logits[k])
		}
		return l
	}
	c := Chart{Title: "Logits by order", X: Axis{Label: "order", Whole: true}, Y: Axis{Label: "contribution"}, Lines: []Line{line(e.Label)}}
	if e.RunnerUp != e.Label {
		c.Lines = append(c.Lines, line(e.RunnerUp))
	}
	svg, err := c.inline("Contribution of each order to the logits.")
	return &figure{svg, "What the monomials of each order contribute. They add up to the logits."}, err
}

// flow draws the couplings and the shares of the orders by level.
func flow(levels []taylor.Level) ([]figure, error) {
	if len(levels) < 2 || levels[0].Flow.Share == nil {
		return nil, nil
	}
	couplings := Chart{Title: "Couplings by level", X: Axis{Label: "level", Whole: true}, Y: Axis{Label: "root mean square, in units of the fluctuations"}}
	shares := Chart{Title: "Share of the orders by level", X: Axis{Label: "level", Whole: true}, Y: Axis{Label: "share of the variance (%)", Min: 0, Max: 100}}
	orders := 0
	for _, l := range levels {
		orders = max(orders, l.Order)
	}
	for k := range orders {
		var x, g, share []float64
		for i, l := range levels {
			if k < l.Order {
				x, g, share = append(x, float64(i+1)), append(g, l.Flow.Couplings[k]), append(share, 100*l.Flow.Share[k])
			}
		}
		name := "order " + strconv.Itoa(k+1)
		couplings.Lines, shares.Lines = append(couplings.Lines, Line{Name: name, X: x, Y: g}), append(shares.Lines, Line{Name: name, X: x, Y: share})
	}
	var out []figure
	for _, c := range []Chart{couplings, shares} {
		svg, err := c.inline(c.Title)
		if err != nil {
			return nil, err
		}
		out = append(out, figure{svg, c.Title + "."})
	}
	return out, nil
}

// Heading is the title of the page.
func (p *explained) Heading() string {
	if p.Title == "" {
		return "What the network computes"
	}
	return p.Title
}

// Signed writes a contribution.
func (p *explained) Signed(v float64) string {
	digits := 3
	if math.Abs(v) >= 100 {
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// RMS is the root mean square of the coefficients of order k of a level.
func (p *explained) RMS(l taylor.Level, k int) string {
	return significant(l.RMS(k))
}

// Number is the level at index i.
func (p *explained) Number(i int) int { return i + 1 }

// Before is the index of order k.
func (p *explained) Before(k int) int { return k - 1 }
