package enginetest

import (
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/internal/layer"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/spec"
)

// batch is feature maps of one shape, [n][H*W*C].
type batch struct {
	shape spec.Shape
	maps  [][]number
}

func (b batch) at(i, r, c, ch int) number { return b.pixel(i, r, c)[ch] }

// pixel returns the channels of a site, none if it is in the padding.
func (b batch) pixel(i, r, c int) []number {
	if r < 0 || c < 0 || r >= b.shape.H || c >= b.shape.W {
		return nil
	}
	return b.maps[i][(r*b.shape.W+c)*b.shape.C:][:b.shape.C]
}

// generate makes a batch of n feature maps from a function of their indices, which adds
// to an element of zero.
func (r *reference) generate(n int, s spec.Shape, f func(y number, i, row, c, ch int)) batch {
	out := batch{shape: s, maps: make([][]number, n)}
	memory := make(number, n*s.Size()*r.width)
	for i := range n {
		out.maps[i] = make([]number, 0, s.Size())
		for row := range s.H {
			for c := range s.W {
				for ch := range s.C {
					y := memory[:r.width:r.width]
					memory = memory[r.width:]
					f(y, i, row, c, ch)
					out.maps[i] = append(out.maps[i], y)
				}
			}
		}
	}
	return out
}

// reference evaluates a network by its definition, one value at a time.
type reference struct {
	net      *spec.Net
	shapes   map[string]spec.Shape // outputs by path
	params   map[string][]float64
	width    int                  // of numbers
	training bool                 // norms use the batch's statistics
	limited  bool                 // as in TrainingOptions.LimitGains
	penalty  float64              // on energies of gains, summed over images
	stats    map[string][]float64 // by the names of the parameters, if training
}

// newReference returns a reference of plain passes, or of graded ones if orders is not 0.
func newReference(net *spec.Net, params []float64, training bool, orders int) *reference {
	width := 1
	if orders > 0 {
		width = orders + 2
	}
	r := &reference{net: net, width: width, shapes: map[string]spec.Shape{}, params: map[string][]float64{}, training: training, stats: map[string][]float64{}}
	for _, l := range net.Layers() {
		r.shapes[l.Path] = l.Out
	}
	for _, p := range net.Params() {
		r.params[p.Name] = params[p.Offset:][:p.Size()]
	}
	return r
}

// logits evaluates images [n][H*W*C] together: as one micro-batch if training. In a graded
// pass it returns for each image [K+2][classes]: the full logits and their orders.
func (r *reference) logits(images [][]float64) [][]float64 {
	in := batch{shape: r.net.Input}
	for _, image := range images {
		var m []number
		for _, v := range image {
			x := make(number, r.width)
			x[0] = v
			if r.width > 1 {
				x[2] = v
			}
			m = append(m, x)
		}
		in.maps = append(in.maps, m)
	}
	var all [][]float64
	for _, m := range r.chain(r.net.Ops, "", in).maps {
		var y []float64
		for k := range r.width {
			for _, v := range m {
				y = append(y, v[k])
			}
		}
		all = append(all, y)
	}
	return all
}

func (r *reference) monomials() *monomials {
	return &monomials{make(number, r.width), make(number, r.width)}
}

func (r *reference) chain(ops []spec.Op, prefix string, x batch) batch {
	for i, op := range ops {
		x = r.op(op, fmt.Sprint(prefix, i), x)
	}
	return x
}

func (r *reference) op(op spec.Op, path string, x batch) batch {
	out := r.shapes[path]
	switch op := op.(type) {
	case *spec.Conv:
		return r.conv(op, path, out, x)
	case *spec.CG:
		return r.cg(op, path, out, x)
	case *spec.Norm:
		return r.norm(path, x)
	case *spec.Gain:
		return r.gain(op, x)
	case *spec.Linear:
		return r.linear(op, path, out, x)
	case *spec.Taylor:
		coefs := r.params[path+".taylor.coefficients"]
		list, term := poly.Monomials(x.shape.Size(), op.Order), r.monomials()
		return r.generate(len(x.maps), out, func(sum number, i, _, _, k int) {
			for t, members := range list {
				sum.add(term.of(coefs[t*op.N+k], members, func(m int) number { return x.maps[i][m] }), 1)
			}
		})
	case *spec.Flatten:
		return batch{out, x.maps}
	case *spec.Pool:
		return r.pool(op, out, x)
	case *spec.ReLU:
		return r.generate(len(x.maps), out, func(y number, i, row, c, ch int) { y[0] = max(0, x.at(i, row, c, ch)[0]) })
	case *spec.Sum:
		parts := r.branches(op.Branches, path, x)
		return r.generate(len(x.maps), out, func(sum number, i, row, c, ch int) {
			for _, p := range parts {
				sum.add(p.at(i, row, c, ch), 1)
			}
		})
	case *spec.Cat:
		parts := r.branches(op.Branches, path, x)
		return r.generate(len(x.maps), out, func(y number, i, row, c, ch int) {
			k := 0
			for ch >= parts[k].shape.C {
				ch -= parts[k].shape.C
				k++
			}
			copy(y, parts[k].at(i, row, c, ch))
		})
	}
	panic(fmt.Sprintf("enginetest.reference.op: no reference for %T", op))
}

func (r *reference) linear(op *spec.Linear, path string, out spec.Shape, x batch) batch {
	w, b := r.params[path+".linear.weight"], r.params[path+".linear.bias"]
	return r.generate(len(x.maps), out, func(sum number, i, _, _, k int) {
		sum.addConstant(b[k])
		for j, v := range x.maps[i] {
			sum.add(v, w[j*op.N+k])
		}
	})
}

func (r *reference) gain(op *spec.Gain, x batch) batch {
	var factor number // of the site
	return r.generate(len(x.maps), x.shape, func(y number, i, row, c, ch int) {
		if ch == 0 {
			factor = r.factor(op, x.shape, x.pixel(i, row, c))
		}
		factor.product(x.at(i, row, c, ch), y)
	})
}

// factor returns what gain control multiplies a site's channels by.
func (r *reference) factor(op *spec.Gain, s spec.Shape, site []number) number {
	u := make(number, r.width)
	for _, v := range site {
		u.add(v.times(v), 1/float64(op.E*s.C))
	}
	if r.limited { // the full value alone
		p, _ := layer.GainPenalty(u[0])
		r.penalty += p / float64(s.H*s.W)
		u[0] = min(u[0], 1)
	}
	factor := make(number, r.width)
	factor.addConstant(1)
	factor.add(u, -5./3)
	factor.add(u.times(u), 1)
	return factor
}

func (r *reference) branches(list [][]spec.Op, path string, x batch) []batch {
	var parts []batch
	for k, ops := range list {
		parts = append(parts, r.chain(ops, fmt.Sprintf("%s.%d.", path, k), x))
	}
	return parts
}

func (r *reference) conv(op *spec.Conv, path string, out spec.Shape, x batch) batch {
	w, b := r.params[path+".conv.weight"], r.params[path+".conv.bias"]
	return r.generate(len(x.maps), out, func(sum number, i, row, c, ch int) {
		sum.addConstant(b[ch])
		for k := range op.L1 {
			for l := range op.L2 {
				first := (k*op.L2 + l) * x.shape.C
				for from, v := range x.pixel(i, row*op.S1-op.P+k, c*op.S2-op.P+l) {
					sum.add(v, w[(first+from)*op.C+ch])
				}
			}
		}
	})
}

// cg sums the monomials one by one, in the order that poly.Monomials lists.
func (r *reference) cg(op *spec.CG, path string, out spec.Shape, x batch) batch {
	if op.Tie > 0 {
		path = fmt.Sprint("tie", op.Tie)
	}
	coefs := r.params[path+".cg.coefficients"]
	list, term := poly.Monomials(op.L1*op.L2, op.Order), r.monomials()
	return r.generate(len(x.maps), out, func(sum number, i, row, c, ch int) {
		for t, members := range list {
			sum.add(term.of(coefs[t*op.C+ch], members, func(m int) number {
				return x.at(i, row*op.S1+m/op.L2*op.D, c*op.S2+m%op.L2*op.D, ch)
			}), 1)
		}
	})
}

func (r *reference) norm(path string, x batch) batch {
	scale, shift := r.params[path+".norm.scale"], r.params[path+".norm.shift"]
	mean, variance := r.params[path+".norm.mean"], r.params[path+".norm.variance"]
	if r.training {
		mean, variance = moments(x)
		sites := float64(len(x.maps) * x.shape.H * x.shape.W)
		unbiased := make([]float64, len(variance))
		for k, v := range variance {
			unbiased[k] = v * sites / max(sites-1, 1)
		}
		r.stats[path+".norm.mean"], r.stats[path+".norm.variance"] = mean, unbiased
	}
	return r.generate(len(x.maps), x.shape, func(y number, i, row, c, ch int) {
		s := scale[ch] / math.Sqrt(variance[ch]+layer.Epsilon)
		y.addConstant(shift[ch] - s*mean[ch])
		y.add(x.at(i, row, c, ch), s)
	})
}

func moments(x batch) (mean, variance []float64) {
	mean, variance = make([]float64, x.shape.C), make([]float64, x.shape.C)
	sites := float64(len(x.maps) * x.shape.H * x.shape.W)
	for _, m := range x.maps {
		for j, v := range m {
			mean[j%x.shape.C] += v[0] / sites
		}
	}
	for _, m := range x.maps {
		for j, v := range m {
			d := v[0] - mean[j%x.shape.C]
			variance[j%x.shape.C] += d * d / sites
		}
	}
	return mean, variance
}

func (r *reference) pool(op *spec.Pool, out spec.Shape, x batch) batch {
	window := *op
	if op.Global {
		window = spec.Pool{L1: x.shape.H, L2: x.shape.W, S1: 1, S2: 1, D: 1}
	}
	return r.generate(len(x.maps), out, func(y number, i, row, c, ch int) {
		top := math.Inf(-1)
		for k := range window.L1 {
			for l := range window.L2 {
				v := x.at(i, row*window.S1+k*window.D, c*window.S2+l*window.D, ch)
				y.add(v, 1/float64(window.L1*window.L2))
				top = max(top, v[0])
			}
		}
		if op.Max {
			y[0] = top
		}
	})
}
