package taylor_test

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/taylor"
)

// untrained returns a model of a network with random parameters, and random images.
func untrained(t testing.TB, source string, images int) (*model.Model, *dataset.Set) {
	t.Helper()
	net, err := spec.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	in, k := net.Input, net.Out().Size()
	cfg := model.Config{Net: net, Params: engine.Init(net, 1)}
	set := &dataset.Set{Name: "noise", H: in.H, W: in.W, C: in.C}
	for c := range in.C {
		cfg.Normalisation.Mean, cfg.Normalisation.Std = append(cfg.Normalisation.Mean, 0.3+0.1*float32(c)), append(cfg.Normalisation.Std, 0.25)
	}
	for c := range k {
		cfg.Classes = append(cfg.Classes, string(rune('a'+c)))
	}
	set.Classes = cfg.Classes
	r := rand.New(rand.NewPCG(1, 2))
	for _, p := range net.Params() {
		for i := range p.Size() {
			if p.Role == spec.Expansion {
				cfg.Params[p.Offset+i] = float32(r.NormFloat64()) / 8
			}
		}
	}
	for range images {
		set.Labels = append(set.Labels, uint16(r.IntN(k)))
		for range in.Size() {
			set.Pixels = append(set.Pixels, uint8(r.IntN(256)))
		}
	}
	m, err := model.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m, set
}

const studied = "Input(6,6,2) Conv(3,3,4,1,1,1) Norm CG(2,2,4,2,2) Conv(3,3,4,1,1,1) Norm CG(2,2,4,1,1) Linear(3)"

// byLines returns the accuracies of all partial sums, and what the orders carry on every
// fourth image, from the line to each image by itself.
func byLines(t *testing.T, m *model.Model, set *dataset.Set) (right []float64, carried []taylor.OrderShare, ratios []float64) {
	t.Helper()
	net, err := taylor.FromModel(m, taylor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	right, carried = make([]float64, net.Degree+1), make([]taylor.OrderShare, net.Degree+1)
	n, margin, margins := float64(set.Len()), 0.0, make([]float64, net.K)
	for k := range carried {
		carried[k].ByClass = make([]float64, net.K)
	}
	for i := range set.Len() {
		l, err := net.Line(t.Context(), taylor.Mean(m), taylor.Point(set.Image(i)))
		if err != nil {
			t.Fatal(err)
		}
		logits, sum, ratio := l.Logits(), make([]float64, net.K), 0.0
		ranked := []int{0, 1, 2}
		slices.SortFunc(ranked, func(a, b int) int { return cmp.Compare(logits[b], logits[a]) })
		for k, order := range l.ByOrder() {
			size := 0.0
			for c, v := range order {
				size, sum[c] = max(size, math.Abs(v)), sum[c]+v
			}
			if slices.Index(sum, slices.Max(sum)) == int(set.Labels[i]) {
				right[k] += 1 / n
				if i%4 == 0 {
					carried[k].Accuracy += 4 / n
				}
			}
			if i%4 == 0 {
				between := order[ranked[0]] - order[ranked[1]]
				ratio, margin = ratio+size, margin+between
				carried[k].Size, carried[k].Margin = carried[k].Size+4*size/n, carried[k].Margin+between
				carried[k].ByClass[ranked[0]] += between
				margins[ranked[0]] += between
			}
		}
		if i%4 == 0 {
			ratios = append(ratios, ratio/max(slices.Max(logits), -slices.Min(logits)))
		}
	}
	for k := range carried {
		carried[k].Margin /= margin
		for c, whole := range margins {
			if whole > 0 {
				carried[k].ByClass[c] /= whole
			}
		}
	}
	slices.Sort(ratios)
	return right, carried, ratios
}

// The study of orders agrees with what lines say of each image, for any number of workers.
func TestStudyOrders(t *testing.T) {
	m, set := untrained(t, studied, 40)
	right, carried, ratios := byLines(t, m, set)
	for _, workers := range []int{1, 3} {
		s, err := taylor.StudyOrders(t.Context(), m, set.All(), taylor.OrderOptions{Orders: 2, Whole: 10, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Partial) != 3 || len(s.Orders) != len(carried) || s.Note != "" || s.Cancellation.Images != len(ratios) {
			t.Fatalf("%+v", s)
		}
		got := []float64{s.Cancellation.Median, s.Cancellation.Worst}
		want := []float64{(ratios[4] + ratios[5]) / 2, ratios[9]}
		for k, p := range s.Partial {
			got, want = append(got, float64(p.Order), p.Accuracy), append(want, float64(k), right[k])
		}
		for k, o := range s.Orders {
			got, want = append(got, o.Accuracy, o.Size, o.Margin), append(want, carried[k].Accuracy, carried[k].Size, carried[k].Margin)
			got, want = append(got, o.ByClass...), append(want, carried[k].ByClass...)
		}
		if err := approx.Slices(got, want, func(i int) float64 { return 1e-9 * (1 + math.Abs(want[i])) }); err != nil {
			t.Error(err)
		}
	}
}

// Orders above the degree add nothing. Of a degree that is too high, only partial sums are
// known.
func TestStudyOrdersLimits(t *testing.T) {
	m, set := untrained(t, "Input(2,2,1) Linear(3)", 5)
	s, err := taylor.StudyOrders(t.Context(), m, set.All(), taylor.OrderOptions{Orders: 9})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Partial) != 2 || !(s.Cancellation.Median >= 1) || s.Cancellation.Images != 5 {
		t.Errorf("a linear network: %+v", s)
	}
	m, set = untrained(t, "Input(2,2,1)"+strings.Repeat(" CG(1,1,1,1,1)", 11)+" Linear(3)", 5)
	if s, err = taylor.StudyOrders(t.Context(), m, set.All(), taylor.OrderOptions{Orders: 3}); err != nil {
		t.Fatal(err)
	}
	if len(s.Partial) != 4 || s.Cancellation != nil || s.Orders != nil || !strings.Contains(s.Note, "over 1024") {
		t.Errorf("degree 2048: %+v", s)
	}
}

func TestStudyOrdersErrors(t *testing.T) {
	m, set := untrained(t, studied, 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := taylor.StudyOrders(ctx, m, set.All(), taylor.OrderOptions{}); !errors.Is(err, taylor.ErrInterrupted) {
		t.Errorf("a context that ended: %v", err)
	}
	for _, opts := range []taylor.OrderOptions{{Orders: -1}, {Orders: taylor.MaxOrders + 1}, {Whole: -1}} {
		if _, err := taylor.StudyOrders(t.Context(), m, set.All(), opts); err == nil {
			t.Errorf("%+v: no error", opts)
		}
	}
	relu, _ := untrained(t, "Input(6,6,2) ReLU Linear(3)", 0)
	if _, err := taylor.StudyOrders(t.Context(), relu, set.All(), taylor.OrderOptions{}); !errors.Is(err, taylor.ErrNotPolynomial) {
		t.Errorf("ReLU: %v", err)
	}
	small, _ := untrained(t, "Input(2,2,1) Linear(3)", 0)
	if _, err := taylor.StudyOrders(t.Context(), small, set.All(), taylor.OrderOptions{}); !errors.Is(err, model.ErrShape) {
		t.Errorf("other images: %v", err)
	}
}
