package report

import (
	"errors"
	"fmt"
	"image"
	"io"
	"iter"
	"math"
	"path/filepath"
	"strconv"

	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/taylor"
)

// Explained is the content of a page on a model's polynomial.
type Explained struct {
	Title    string
	Command  string // that repeats it
	Model    *model.Model
	Analysis *taylor.Analysis
	Pictures []image.Image // the images of the analysis, as the network takes them
}

// The pictures of an explained image, by the end of their file names.
const (
	attributionPicture = "attribution"
	pairsPicture       = "pairs"
	mapsPicture        = "maps" // with the number of the level, counted from 1
)

// MapsName returns the end of the file name of the feature maps at index i.
func MapsName(i int) string { return mapsPicture + "-" + strconv.Itoa(i+1) }

// pictureSide is about the side of an enlarged picture in pixels.
const pictureSide = 280

// mostSide is the most that the height of feature maps is enlarged to.
const mostSide = 16 * pictureSide

// zoom returns the whole number by which a side is enlarged to about pictureSide.
func zoom(side int) int { return max(1, pictureSide/side) }

// ExplainedPictures draws an explained image, given as the network takes it: what each
// pixel contributes to the class, its pairs, and the feature maps at each scale. Each comes
// with the end of its file name. They are drawn one by one, since all are large.
func ExplainedPictures(img image.Image, e *taylor.Explanation) iter.Seq2[string, image.Image] {
	return func(yield func(string, image.Image) bool) {
		h, w := img.Bounds().Dy(), img.Bounds().Dx()
		by := zoom(max(h, w))
		if !yield(attributionPicture, enlarged(Heat(e.Attribution, h, w, 0), by)) || !yield(pairsPicture, PairPicture(img, e.Pairs, by)) {
			return
		}
		for i, sheet := range MapPictures(e.Maps) {
			if !yield(MapsName(i), sheet) {
				return
			}
		}
	}
}

// mostMaps is the largest number of levels whose feature maps are drawn.
const mostMaps = 48

// MapPictures draws the feature maps of each level, of a very deep network those of the
// first levels, one by one.
func MapPictures(maps []taylor.Map) iter.Seq2[int, image.Image] {
	return func(yield func(int, image.Image) bool) {
		for i, m := range maps[:min(len(maps), mostMaps)] {
			sheet := MapSheet(m, 16)
			size := sheet.Bounds().Size()
			if !yield(i, enlarged(sheet, max(1, min(3*pictureSide/size.X, mostSide/size.Y)))) {
				return
			}
		}
	}
}

func mapCaption(maps []taylor.Map, i int) string {
	m := maps[i]
	text := fmt.Sprintf("after %s: %d channels of %d × %d sites", m.Op, m.Shape[2], m.Shape[0], m.Shape[1])
	if left := len(maps) - mostMaps; left > 0 && i == mostMaps-1 {
		text += fmt.Sprintf("; %d further levels are not drawn", left)
	}
	return text
}

// WriteExplained writes the page, one HTML document. Equal inputs give equal
// bytes.
func WriteExplained(w io.Writer, in Explained) error {
	if in.Model == nil || in.Analysis == nil {
		return errors.New("report: there is no model or no analysis")
	}
	a := in.Analysis
	if len(in.Pictures) != len(a.Images) {
		return fmt.Errorf("report: there are %d pictures of %d images", len(in.Pictures), len(a.Images))
	}
	p := &explained{Explained: &in}
	for i, e := range a.Images {
		image, err := p.image(in.Pictures[i], e)
		if err != nil {
			return fmt.Errorf("report: %s: %w", e.File, err)
		}
		p.Shown = append(p.Shown, image)
	}
	var err error
	if p.Flow, err = flow(a.Levels); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for i, sheet := range MapPictures(a.Maps) {
		picture, err := shown(sheet, mapCaption(a.Maps, i))
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		p.Sheets = append(p.Sheets, picture)
	}
	if a.Study != nil {
		p.Text = StudyText(a.Study)
		if p.Distances, err = figures(DistanceCharts(a.Study)); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	drawn := DrawnTemplates(a)
	p.MoreTemplates = len(a.Templates) - len(drawn)
	p.Levels = a.Levels[:min(len(a.Levels), mostLayers)]
	p.MoreLevels = len(a.Levels) - len(p.Levels)
	for i := range drawn {
		t, err := newShownTemplates(&drawn[i], in.Model.Net().Input)
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		p.Templates = append(p.Templates, t)
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
	Templates []shownTemplates
	Levels    []taylor.Level // of the table
	// How many more there are, which are not shown.
	MoreTemplates, MoreLevels int
}

type shownImage struct {
	Name, Class, RunnerUp string
	Probability           float64
	Outside               bool
	Reason                string
	Prepared              []string
	Input                 shownPicture
	Attributions          []shownPicture // of the class and of the runner-up
	Orders                []shownPicture // of the class, by order
	Pairs                 shownPicture
	Maps                  []shownPicture
	Charts                []figure // by order; none unless each is known
	Partial               string   // the answers of partial sums in words
	Columns               []string // classes of the table
	Rows                  []orderRow
	Logits                []float64
}

type orderRow struct {
	Order  string
	Values []float64
}

// tableClasses is the number of classes in the table of orders.
const tableClasses = 4

func (p *explained) image(img image.Image, e *taylor.Explanation) (shownImage, error) {
	classes, in := p.Model.Classes(), p.Model.Net().Input
	s := shownImage{Name: filepath.Base(e.File), Class: classes[e.Label], RunnerUp: classes[e.RunnerUp], Probability: e.Probability,
		Outside: e.Outside, Reason: e.Reason, Prepared: e.Prepared}
	by := zoom(max(in.H, in.W))
	var err error
	add := func(img image.Image, format string, args ...any) shownPicture {
		picture, fault := shown(img, fmt.Sprintf(format, args...))
		err = errors.Join(err, fault)
		return picture
	}
	s.Input = add(enlarged(img, by), "%s, as the network takes it", s.Name)
	s.Attributions = append(s.Attributions, add(enlarged(Heat(e.Attribution, in.H, in.W, 0), by), "for %s", s.Class))
	if e.RunnerUp != e.Label {
		s.Attributions = append(s.Attributions, add(enlarged(Heat(e.Totals[e.RunnerUp], in.H, in.W, 0), by), "for %s", s.RunnerUp))
	}
	for k, shares := range e.Attributions[e.Label] {
		if k > 0 {
			s.Orders = append(s.Orders, add(enlarged(Heat(shares, in.H, in.W, 0), max(1, by/3)), "order %d: %+.2f", k, e.ByOrder[k].Logits[e.Label]))
		}
	}
	s.Pairs = add(PairPicture(img, e.Pairs, by), "the %d products of two pixels that contribute most to the second order of %s", len(e.Pairs), s.Class)
	for i, sheet := range MapPictures(e.Maps) {
		s.Maps = append(s.Maps, add(sheet, "%s", mapCaption(e.Maps, i)))
	}
	if err != nil {
		return s, err
	}
	s.table(e, classes)
	s.Partial = PartialText(e)
	s.Charts, err = figures(ExplainedCharts(e, classes))
	return s, err
}

// table has the orders' contributions to the largest logits.
func (s *shownImage) table(e *taylor.Explanation, classes []string) {
	ranked := e.Ranked()
	ranked = ranked[:min(tableClasses, len(ranked))]
	for _, k := range ranked {
		s.Columns, s.Logits = append(s.Columns, classes[k]), append(s.Logits, e.Logits[k])
	}
	for _, o := range e.ByOrder {
		r := orderRow{Order: OrderName(o)}
		for _, k := range ranked {
			r.Values = append(r.Values, o.Logits[k])
		}
		s.Rows = append(s.Rows, r)
	}
}

// OrderName returns the name of an order in a table.
func OrderName(o taylor.Order) string {
	if o.AndHigher {
		return "higher"
	}
	return strconv.Itoa(o.Order)
}

// flow draws the couplings and the shares of the orders by level.
func flow(levels []taylor.Level) ([]figure, error) {
	if len(levels) < 2 || levels[0].Share == nil {
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
				x, g, share = append(x, float64(i+1)), append(g, l.Couplings[k]), append(share, 100*l.Share[k])
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

// Heading returns the title of the page.
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

// RMS writes the root mean square of the coefficients of order k of a level.
func (p *explained) RMS(l taylor.Level, k int) string {
	return significant(l.RMS(k))
}

// Number returns the number of the level at index i.
func (p *explained) Number(i int) int { return i + 1 }

// Before returns the index of order k.
func (p *explained) Before(k int) int { return k - 1 }
