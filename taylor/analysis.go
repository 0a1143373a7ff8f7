package taylor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/poly"
)

// Analysis is what a model computes, read from its polynomial. Analyse leaves Model,
// About, Sample and Report empty: they are names for the caller to give.
type Analysis struct {
	Model   string         `json:"model"` // the model's file
	Classes []string       `json:"classes"`
	Params  int            `json:"params"`
	Degree  int            `json:"degree"`
	About   string         `json:"about"` // the expansion point
	Levels  []Level        `json:"levels"`
	Sample  string         `json:"sample,omitempty"` // the images that the levels' flow was measured on
	Images  []*Explanation `json:"images"`
	// Limited says, in words, why only the low orders of Images are known, if all of them
	// would take more memory than they may.
	Limited   string            `json:"limited,omitempty"`
	Monomials []ClassPolynomial `json:"monomials,omitempty"`
	Study     *Study            `json:"study,omitempty"` // of the second order
	Templates []Templates       `json:"templates,omitempty"`
	Report    string            `json:"report,omitempty"`
	// Unreadable lists pictures that are left out, because the error of Explain wraps
	// ErrQuadrature or model.ErrNotFinite. The caller may add files that it could not read.
	Unreadable []model.UnreadableFile `json:"unreadable,omitempty"`

	Quadratic *Quadratic `json:"-"` // what Study is of
	Maps      []Map      `json:"-"` // of the first training image, if there is no picture
}

// ClassPolynomial is the polynomial of a class in monomials.
type ClassPolynomial struct {
	Class string    `json:"class"`
	Terms poly.Poly `json:"terms"`
}

// Request is what to analyse of a model. The zero value asks for what each
// coarse-graining does, without its flow.
type Request struct {
	About    []float64 // the expansion point, see Point; nil means Mean
	Pictures []Picture // to explain
	// Training, unless it is nil, holds the images that the model was trained on. The
	// levels' flow is measured on the first Sample of them.
	Training *dataset.Set
	Sample   int
	// Monomials, unless it is 0, asks for the whole polynomial, with at most that many
	// monomials in progress.
	Monomials int
	// SecondOrder asks for all second-order coefficients, their study, and the templates of
	// each class. Progress, unless it is nil, is called with the number of inputs done, from several
	// goroutines.
	SecondOrder bool
	Progress    func(done, total int)
	Workers     int   // goroutines; 0 means one per CPU
	Memory      int64 // bytes, as in Options
}

// Picture is an image to explain.
type Picture struct {
	File string
	model.Prepared
}

// Point returns the pixels of an image [H,W,C] as a point of a model's polynomial, 0 to 1.
func Point(pixels []uint8) []float64 {
	x := make([]float64, len(pixels))
	for i, v := range pixels {
		x[i] = float64(v) / 255
	}
	return x
}

// Analyse returns what a model computes, as far as r asks for it. The error wraps
// ErrNotPolynomial, those of Net.Expand, Net.Levels and Net.Quadratic, tensor.ErrMemory if
// something does not fit, and ErrInterrupted when ctx ends. Pictures that cannot be
// explained are left out: see Analysis.Unreadable. All numbers returned are finite.
func Analyse(ctx context.Context, m *model.Model, r Request) (*Analysis, error) {
	net, err := FromModel(m, Options{Workers: r.Workers, Memory: r.Memory})
	if err != nil {
		return nil, err
	}
	if r.About == nil {
		r.About = Mean(m)
	}
	a := &Analysis{Classes: m.Classes(), Params: m.Net().NumParams(), Degree: net.Degree, Images: []*Explanation{}}
	if r.Monomials > 0 {
		if err := a.expand(ctx, net, &r); err != nil {
			return nil, err
		}
	}
	if err := a.explain(ctx, m, net, &r); err != nil {
		return nil, err
	}
	sample := 0
	if r.Training != nil {
		sample = min(r.Sample, r.Training.Len())
		if len(r.Pictures) == 0 {
			if a.Maps, err = net.Maps(ctx, Point(r.Training.Image(0))); err != nil {
				return nil, fmt.Errorf("the first training image: %w", err)
			}
		}
	}
	if a.Levels, err = net.levelsOn(ctx, sample, func(i int) []float64 { return Point(r.Training.Image(i)) }); err != nil {
		return nil, err
	}
	if r.SecondOrder {
		err = a.secondOrder(ctx, net, &r)
	}
	return a, err
}

// explain explains the pictures, but for those that cannot be.
func (a *Analysis) explain(ctx context.Context, m *model.Model, net *Net, r *Request) error {
	if len(r.Pictures) > 0 && net.Orders < net.Degree && net.Degree <= maxDegree {
		a.Limited = fmt.Sprintf("orders over %d are written as one: %v", net.Orders,
			net.cost.check(net.cost.explain(net.Degree), fmt.Sprintf("all %d orders", net.Degree), "a smaller lattice"))
	}
	if n := len(r.Pictures); n > 1 {
		budget := memory.Or(r.Memory)
		kept, last := net.cost.explanation(net.Orders), net.cost.held+net.cost.explain(net.Orders)
		what := fmt.Sprintf("the explanations of %d pictures", n)
		if err := memory.Check(budget, last+kept*float64(n-1), what); err != nil {
			return fmt.Errorf("%w: explain %d at a time", err, max(1, 1+int((float64(budget)-last)/kept)))
		}
	}
	for _, p := range r.Pictures {
		e, err := net.Explain(ctx, r.About, Point(p.Pixels))
		var answer []model.Prediction
		if err == nil {
			answer, err = m.PredictPrepared(ctx, []model.Prepared{p.Prepared})
		}
		if errors.Is(err, ErrQuadrature) || errors.Is(err, model.ErrNotFinite) {
			a.Unreadable = append(a.Unreadable, model.UnreadableFile{File: p.File, Error: err.Error()})
			continue
		}
		if interrupted := interrupted(ctx); interrupted != nil {
			err = interrupted
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.File, err)
		}
		e.File, e.Class, e.Pixels, e.Inverted, e.Prepared = p.File, a.Classes[e.Label], p.Pixels, p.Inverted, p.Notes
		e.Outside, e.Reason = answer[0].Outside, answer[0].Reason
		for i := range e.Partial {
			e.Partial[i].Class = a.Classes[e.Partial[i].Label]
		}
		a.Images = append(a.Images, e)
	}
	return nil
}

func (a *Analysis) expand(ctx context.Context, net *Net, r *Request) error {
	list, err := net.Expand(ctx, r.About, r.Monomials)
	if err != nil {
		return err
	}
	var written float64
	for _, p := range list {
		written += float64(p.Len()) * (termBytes(p.Degree()) + termText(p.Degree()))
	}
	if err := net.cost.check(written, "the monomials and their text", "a smaller network"); err != nil {
		return fmt.Errorf("%w: %w", ErrTooLong, err)
	}
	for k, p := range list {
		a.Monomials = append(a.Monomials, ClassPolynomial{a.Classes[k], p})
	}
	return nil
}

// secondOrder computes all second-order coefficients and studies them, beside the same
// with the pixels moved by a fixed permutation.
func (a *Analysis) secondOrder(ctx context.Context, net *Net, r *Request) error {
	var err error
	n, k := net.Input.Size(), net.K
	net.allowSecondOrder(r.Memory)
	if err := net.cost.check(net.cost.quadratic(max(studied(n, k, 1), compared(n))), fmt.Sprintf("the second order of %d inputs for %d logits", n, k), "a smaller image"); err != nil {
		return err
	}
	if a.Quadratic, err = net.Quadratic(ctx, r.About, r.Progress); err != nil {
		return err
	}
	sites := make([]int32, net.Input.H*net.Input.W)
	rng.Permutation(sites, 1, "pixels", 0)
	var permutation []int32
	for _, s := range sites {
		for c := range net.Input.C {
			permutation = append(permutation, s*int32(net.Input.C)+int32(c))
		}
	}
	weights := weighed{Quadratic: a.Quadratic}
	shuffled := weighed{Quadratic: a.Quadratic, moved: permutation}
	if r.Training != nil {
		weights.Active = seen(r.Training)
		for _, from := range permutation {
			shuffled.Active = append(shuffled.Active, weights.Active[from])
		}
	}
	if a.Templates, err = templates(ctx, a.Quadratic, a.Classes, weights.Active); err != nil {
		return err
	}
	if err := addPatterns(ctx, a.Templates, a.Quadratic, r.differences(n, k)); err != nil {
		return err
	}
	a.Study, err = newStudy(ctx, net.Input, []weighed{weights}, []weighed{shuffled})
	return err
}

// differences returns the training images that patterns are computed in, each less the
// expansion point.
func (r *Request) differences(inputs, classes int) [][]float64 {
	if r.Training == nil {
		return nil
	}
	var out [][]float64
	for i := range min(r.Training.Len(), patternSample(inputs, classes)) {
		d := Point(r.Training.Image(i))
		for j := range d {
			d[j] -= r.About[j]
		}
		out = append(out, d)
	}
	return out
}

// Brief returns the analysis without the attributions by order and the feature maps of
// its images, and without the pixels of templates, which are large.
func (a *Analysis) Brief() *Analysis {
	brief := *a
	brief.Images = []*Explanation{}
	for _, e := range a.Images {
		short := *e
		short.Attributions, short.Maps = nil, nil
		brief.Images = append(brief.Images, &short)
	}
	brief.Templates = slices.Clone(a.Templates)
	for k := range brief.Templates {
		t := &brief.Templates[k]
		t.Linear, t.Vectors = nil, nil
		if t.Patterns != nil {
			short := *t.Patterns
			short.Pictures = nil
			t.Patterns = &short
		}
	}
	return &brief
}

// seen reports which inputs are not zero in every image, [H,W,C].
func seen(set *dataset.Set) []bool {
	size := set.H * set.W * set.C
	active := make([]bool, size)
	for i, v := range set.Pixels {
		if v != 0 {
			active[i%size] = true
		}
	}
	return active
}
