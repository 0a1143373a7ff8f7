package optim

import (
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/tensor"
)

// Matrix is the matrix [Rows,Cols] in the parameters from Start on, row by row.
type Matrix struct{ Start, Rows, Cols int }

func (m Matrix) end() int { return m.Start + m.Rows*m.Cols }

// Muon holds the settings of Muon, which steps by matrices of weights instead of
// single weights. With gradient G and rate r, a step is
//
//	P -= r WeightDecay P                                    (in the decayed ranges)
//	U  = Momentum U + (1-Momentum) G
//	P -= r 0.2 sqrt(max(Rows,Cols)) orthogonal(Momentum U + (1-Momentum) G)
//
// where orthogonal sets all singular values to about 1. A step then goes as far
// in the directions that few images ask for as in those that all do. The factor
// makes the steps as long as AdamW's, which all other parameters take with the
// same rate and decay.
type Muon struct {
	AdamW
	Momentum float64 // usually 0.95
	// Workers is the number of goroutines that compute; 0 means one per CPU. No
	// result depends on it.
	Workers int
}

// Validate reports every setting that is out of its bounds.
func (c Muon) Validate() error {
	return check.All(c.AdamW.Validate(), check.Below("Muon.Momentum", c.Momentum, 0, 1))
}

// New returns an optimiser of n parameters. The ranges are decayed and the
// matrices orthogonalised; both ascend without overlap. The state is AdamW's: a
// matrix's momentum is its first moment.
func (c Muon) New(n int, decayed []Range, matrices []Matrix) Optimiser {
	m := &muon{adamW: c.build("optim.Muon.New", n, decayed), crew: parallel.NewCrew(c.Workers)}
	start := 0
	for _, at := range matrices {
		if at.Start < start || at.Rows < 1 || at.Cols < 1 || at.end() > n {
			panic(fmt.Sprintf("optim.Muon.New: matrix %v is out of order or outside %d parameters", at, n))
		}
		m.others = append(m.others, Range{start, at.Start})
		m.matrices = append(m.matrices, newOrthogonaliser(at))
		start = at.end()
	}
	m.others = append(m.others, Range{start, n})
	// The longest first, so that the goroutines end together.
	slices.SortStableFunc(m.matrices, func(a, b *orthogonaliser) int { return b.work() - a.work() })
	m.task = func(_, i int) { m.matrices[i].step(m.params, m.grads, m.m, float32(c.Momentum), m.rate) }
	return m
}

type muon struct {
	*adamW
	matrices []*orthogonaliser
	others   []Range // between them
	crew     *parallel.Crew
	task     func(worker, matrix int)
	// Of the step in progress.
	params, grads []float32
	rate          float64
}

func (m *muon) Step(params, grads []float32, rate float64) {
	m.begin(params, grads, rate)
	for _, r := range m.others {
		m.update(params, grads, r, rate)
	}
	m.params, m.grads, m.rate = params, grads, rate
	m.crew.Run(len(m.matrices), m.task)
}

// orthogonaliser makes the steps of one matrix. It computes with [long,short], the
// matrix or its transpose.
type orthogonaliser struct {
	Matrix
	long, short int
	x, y        []float32 // [long,short]
	gram, power []float32 // [short,short]
	rows        kernel.Window
	filter      *kernel.Filter[float32]
}

func newOrthogonaliser(at Matrix) *orthogonaliser {
	o := &orthogonaliser{Matrix: at, long: max(at.Rows, at.Cols), short: min(at.Rows, at.Cols)}
	o.x, o.y = tensor.Alloc[float32](o.long*o.short), tensor.Alloc[float32](o.long*o.short)
	o.gram, o.power = tensor.Alloc[float32](o.short*o.short), tensor.Alloc[float32](o.short*o.short)
	o.rows = kernel.Window{Taps: 1, Index: make([]int32, o.long)}
	for i := range o.rows.Index {
		o.rows.Index[i] = int32(i * o.short)
	}
	o.filter = kernel.NewFilter[float32](1, o.short, o.short)
	return o
}

// work returns a number proportional to the multiplications of a step.
func (o *orthogonaliser) work() int { return o.short * o.short * (2*o.long + o.short) }

func (o *orthogonaliser) step(params, grads, momentum []float32, keep float32, rate float64) {
	p, g, u := params[o.Start:o.end()], grads[o.Start:o.end()], momentum[o.Start:o.end()]
	for i, v := range g {
		m := keep*u[i] + (1-keep)*v
		if -negligible < m && m < negligible {
			m = 0
		}
		u[i] = m
		o.x[o.place(i)] = keep*m + (1-keep)*v
	}
	o.orthogonalise()
	size := float32(rate * 0.2 * math.Sqrt(float64(o.long)))
	for i := range p {
		p[i] -= size * o.x[o.place(i)]
	}
}

// negligible is a momentum that cannot move a weight. If no image uses a feature
// map any more, the momentum of its weights falls that low and further. Their
// products would become subnormal numbers, with which processors compute many
// times slower.
const negligible = 1e-18

// place returns the index in x of element i of the matrix.
func (o *orthogonaliser) place(i int) int {
	if o.Cols == o.short {
		return i
	}
	return i%o.Cols*o.short + i/o.Cols
}

// The factors of x, x^3 and x^5 in the polynomial that takes singular values in
// (0,1] close to 1 when it is applied orthogonaliseSteps times.
const (
	factor1, factor3, factor5 = 3.4445, -4.7750, 2.0315
	orthogonaliseSteps        = 5
)

// orthogonalise sets x's singular values to between 0.68 and 1.21. Those below two
// thousandths of the matrix's norm only come closer to that.
func (o *orthogonaliser) orthogonalise() {
	var sum float64
	for _, v := range o.x {
		sum += float64(v) * float64(v)
	}
	scale := float32(1 / max(math.Sqrt(sum), 1e-7))
	for i := range o.x {
		o.x[i] *= scale
	}
	first := o.rows.First(o.short)
	for range orthogonaliseSteps {
		clear(o.gram)
		kernel.ProductGrad(o.gram, o.x, o.rows, o.x, o.short, o.short)
		o.filter.Pack(o.gram)
		kernel.Product(o.power, nil, o.gram, first, o.filter)
		for i, g := range o.gram {
			o.power[i] = factor3*g + factor5*o.power[i]
		}
		o.filter.Pack(o.power)
		kernel.Product(o.y, nil, o.x, o.rows, o.filter)
		for i, y := range o.y {
			o.x[i] = factor1*o.x[i] + y
		}
	}
}
