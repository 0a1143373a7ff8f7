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
	maps  [][]float64
}

func (b batch) at(i, r, c, ch int) float64 { return b.pixel(i, r, c)[ch] }

// pixel returns the channels of a site, none if it is in the padding.
func (b batch) pixel(i, r, c int) []float64 {
	if r < 0 || c < 0 || r >= b.shape.H || c >= b.shape.W {
		return nil
	}
	return b.maps[i][(r*b.shape.W+c)*b.shape.C:][:b.shape.C]
}

// generate makes a batch of n feature maps from a function of their indices.
func generate(n int, s spec.Shape, f func(i, r, c, ch int) float64) batch {
	out := batch{shape: s, maps: make([][]float64, n)}
	for i := range n {
		out.maps[i] = make([]float64, 0, s.Size())
		for r := range s.H {
			for c := range s.W {
				for ch := range s.C {
					out.maps[i] = append(out.maps[i], f(i, r, c, ch))
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
	training bool                 // norms use the batch's statistics
	limited  bool                 // as in TrainingOptions.LimitGains
	penalty  float64              // on energies of gains, summed over images
	stats    map[string][]float64 // by the names of the parameters, if training
}

func newReference(net *spec.Net, params []float64, training bool) *reference {
	r := &reference{net: net, shapes: map[string]spec.Shape{}, params: map[string][]float64{}, training: training, stats: map[string][]float64{}}
	for _, l := range net.Layers() {
		r.shapes[l.Path] = l.Out
	}
	for _, p := range net.Params() {
		r.params[p.Name] = params[p.Offset:][:p.Size()]
	}
	return r
}

// logits evaluates images [n][H*W*C] together: as one micro-batch if training.
func (r *reference) logits(images [][]float64) [][]float64 {
	return r.chain(r.net.Ops, "", batch{r.net.Input, images}).maps
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
		monomials := poly.Monomials(x.shape.Size(), op.Order)
		return generate(len(x.maps), out, func(i, _, _, k int) float64 {
			var sum float64
			for t, members := range monomials {
				term := coefs[t*op.N+k]
				for _, m := range members {
					term *= x.maps[i][m]
				}
				sum += term
			}
			return sum
		})
	case *spec.Flatten:
		return batch{out, x.maps}
	case *spec.Pool:
		return pool(op, out, x)
	case *spec.ReLU:
		return generate(len(x.maps), out, func(i, row, c, ch int) float64 { return max(0, x.at(i, row, c, ch)) })
	case *spec.Sum:
		parts := r.branches(op.Branches, path, x)
		return generate(len(x.maps), out, func(i, row, c, ch int) float64 {
			var sum float64
			for _, p := range parts {
				sum += p.at(i, row, c, ch)
			}
			return sum
		})
	case *spec.Cat:
		parts := r.branches(op.Branches, path, x)
		return generate(len(x.maps), out, func(i, row, c, ch int) float64 {
			k := 0
			for ch >= parts[k].shape.C {
				ch -= parts[k].shape.C
				k++
			}
			return parts[k].at(i, row, c, ch)
		})
	}
	panic(fmt.Sprintf("enginetest.reference.op: no reference for %T", op))
}

func (r *reference) linear(op *spec.Linear, path string, out spec.Shape, x batch) batch {
	w, b := r.params[path+".linear.weight"], r.params[path+".linear.bias"]
	return generate(len(x.maps), out, func(i, _, _, k int) float64 {
		sum := b[k]
		for j, v := range x.maps[i] {
			sum += v * w[j*op.N+k]
		}
		return sum
	})
}

func (r *reference) gain(op *spec.Gain, x batch) batch {
	return generate(len(x.maps), x.shape, func(i, row, c, ch int) float64 {
		var u float64
		for _, v := range x.pixel(i, row, c) {
			u += v * v / float64(op.E*x.shape.C)
		}
		if r.limited {
			if ch == 0 {
				p, _ := layer.GainPenalty(u)
				r.penalty += p / float64(x.shape.H*x.shape.W)
			}
			u = min(u, 1)
		}
		return x.at(i, row, c, ch) * (1 - 5*u/3 + u*u)
	})
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
	return generate(len(x.maps), out, func(i, row, c, ch int) float64 {
		sum := b[ch]
		for k := range op.L1 {
			for l := range op.L2 {
				first := (k*op.L2 + l) * x.shape.C
				for from, v := range x.pixel(i, row*op.S1-op.P+k, c*op.S2-op.P+l) {
					sum += v * w[(first+from)*op.C+ch]
				}
			}
		}
		return sum
	})
}

// cg sums the monomials one by one, in the order that poly.Monomials lists.
func (r *reference) cg(op *spec.CG, path string, out spec.Shape, x batch) batch {
	if op.Tie > 0 {
		path = fmt.Sprint("tie", op.Tie)
	}
	coefs := r.params[path+".cg.coefficients"]
	monomials := poly.Monomials(op.L1*op.L2, op.Order)
	return generate(len(x.maps), out, func(i, row, c, ch int) float64 {
		var sum float64
		for t, members := range monomials {
			term := coefs[t*op.C+ch]
			for _, m := range members {
				term *= x.at(i, row*op.S1+m/op.L2*op.D, c*op.S2+m%op.L2*op.D, ch)
			}
			sum += term
		}
		return sum
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
	return generate(len(x.maps), x.shape, func(i, row, c, ch int) float64 {
		return (x.at(i, row, c, ch)-mean[ch])/math.Sqrt(variance[ch]+layer.Epsilon)*scale[ch] + shift[ch]
	})
}

func moments(x batch) (mean, variance []float64) {
	mean, variance = make([]float64, x.shape.C), make([]float64, x.shape.C)
	sites := float64(len(x.maps) * x.shape.H * x.shape.W)
	for _, m := range x.maps {
		for j, v := range m {
			mean[j%x.shape.C] += v / sites
		}
	}
	for _, m := range x.maps {
		for j, v := range m {
			d := v - mean[j%x.shape.C]
			variance[j%x.shape.C] += d * d / sites
		}
	}
	return mean, variance
}

func pool(op *spec.Pool, out spec.Shape, x batch) batch {
	window := *op
	if op.Global {
		window = spec.Pool{L1: x.shape.H, L2: x.shape.W, S1: 1, S2: 1, D: 1}
	}
	return generate(len(x.maps), out, func(i, row, c, ch int) float64 {
		sum, top := 0.0, math.Inf(-1)
		for k := range window.L1 {
			for l := range window.L2 {
				v := x.at(i, row*window.S1+k*window.D, c*window.S2+l*window.D, ch)
				sum += v
				top = max(top, v)
			}
		}
		if op.Max {
			return top
		}
		return sum / float64(window.L1*window.L2)
	})
}
