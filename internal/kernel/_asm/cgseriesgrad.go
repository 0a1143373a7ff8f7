package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// What is done with the gradients of the inputs: they are added to what is there, or there
// is no place for them.
const noInputs = 1

// cgLinearGrad computes the gradients of cgLinear:
//
//	for s in sites:
//		da[i] += dL[i]
//		dx[i] += sum_j B[i,j] dL[j]
//		db[i,j] += x[i] dL[j] + dL[i] x[j]
func cgLinearGrad(s isa) {
	s.function(0, "cgLinearGrad", "(dx, dcoefs, dlinear, x *float32, index *int32, coefs *float32, sites, taps, channels, lanes, inputs int)",
		"cgSeriesGradPortable", "the first derivatives at order 0 of order 2 in 1 or 4 taps for one vector of channels")
	s.eachSeries(seriesGradients, func(k seriesKernel) {
		k.keepMatrix()
		kept := k.keepGradients(true)
		dx, x, dlinear := load("dx"), load("x"), load("dlinear")
		k.eachSite(func() {
			x, d := k.members(x), k.derivatives(dlinear)
			k.nextDerivatives(dlinear)
			k.ifInputs(func() {
				for i := range k.n {
					u := k.product(i, d)
					k.change(dx, i, func(v reg.VecVirtual) { VADDPS(u, v, v) })
				}
			})
			for i := range d {
				kept.changeKept(i, func(v reg.VecVirtual) { VADDPS(d[i], v, v) })
			}
			of := func(list []reg.VecVirtual) func(i int) reg.VecVirtual {
				return func(i int) reg.VecVirtual { return list[i] }
			}
			kept.addPairs(of(x), d, of(d), x)
		})
		kept.done()
	})
}

// cgSeriesLinearGrad computes, for dy of one order,
//
//	dL[i] += dy x[i],  dx[i] += L[i] dy
func cgSeriesLinearGrad(s isa) {
	s.function(0, "cgSeriesLinearGrad", "(dx, dlinear, x, linear *float32, index *int32, dy *float32, images, sites, taps, channels, lanes, inputs, xMap, yMap int)",
		"cgSeriesGradPortable", "the gradients of cgSeriesLinear")
	s.eachSeries(0, func(k seriesKernel) {
		k.eachImage("dy", []string{"x", "dx"}, func() {
			dx, dlinear, x, linear, dy := load("dx"), load("dlinear"), load("x"), load("linear"), load("dy")
			k.eachSite(func() {
				g := k.next(dy)
				x, d := k.members(x), k.derivatives(dlinear)
				for i := range d {
					VFMADD231PS(g, x[i], d[i])
					VMOVUPS(d[i], k.derivative(dlinear, i))
				}
				k.ifInputs(func() {
					for i, l := range k.derivatives(linear) {
						k.change(dx, i, func(v reg.VecVirtual) { VFMADD231PS(g, l, v) })
					}
				})
				k.nextDerivatives(linear)
				k.nextDerivatives(dlinear)
			})
		})
	})
}

// cgSeriesPairGrad computes, for dy of order k+l times the factor,
//
//	dx_k[i] += dy sum_j B[i,j] x_l[j],  dx_l[i] += dy sum_j B[i,j] x_k[j]
//	db[i,j] += dy (x_k[i] x_l[j] + x_l[i] x_k[j])
func cgSeriesPairGrad(s isa) {
	s.function(0, "cgSeriesPairGrad", "(dxk, dxl, dcoefs, xk, xl *float32, index *int32, dy, coefs *float32, images, sites, taps, channels, lanes, inputs, xMap, yMap int, factor float32)",
		"cgSeriesGradPortable", "the gradients of cgSeriesPair")
	s.eachSeries(seriesGradients, func(k seriesKernel) {
		k.keepMatrix()
		db := k.keepGradients(false)
		factor := k.factor()
		k.eachImage("dy", []string{"xk", "xl", "dxk", "dxl"}, func() {
			dxk, dxl, xk, xl, dy := load("dxk"), load("dxl"), load("xk"), load("xl"), load("dy")
			k.eachSite(func() {
				g := k.next(dy)
				VMULPS(factor, g, g)
				a, b := k.members(xk), k.members(xl)
				k.ifInputs(func() {
					for i := range k.n { // dxk may be dxl
						u := k.product(i, b)
						k.change(dxk, i, func(v reg.VecVirtual) { VFMADD231PS(g, u, v) })
					}
					for i := range k.n {
						u := k.product(i, a)
						k.change(dxl, i, func(v reg.VecVirtual) { VFMADD231PS(g, u, v) })
					}
				})
				times := func(list []reg.VecVirtual) func(i int) reg.VecVirtual {
					return func(i int) reg.VecVirtual {
						v := k.vec()
						VMULPS(g, list[i], v)
						return v
					}
				}
				db.addPairs(times(a), b, times(b), a)
			})
		})
		db.done()
	})
}

// ifInputs emits body, which is jumped over if there are no gradients of the inputs.
func (k seriesKernel) ifInputs(body func()) {
	label := fmt.Sprintf("noinputs%v", k)
	CMPQ(param("inputs"), Imm(noInputs))
	JEQ(LabelRef(label))
	body()
	Label(label)
}

// change emits what by does to member i of the map that base points at.
func (k seriesKernel) change(base reg.Register, i int, by func(v reg.VecVirtual)) {
	v, place := k.vec(), k.place(base, i)
	k.load(place, 0, v)
	by(v)
	k.store(place, 0, v)
}

// derivatives returns the first derivatives at base.
func (k seriesKernel) derivatives(base reg.Register) []reg.VecVirtual {
	d := k.vecs(k.n)
	for i := range d {
		VMOVUPS(k.derivative(base, i), d[i])
	}
	return d
}

// seriesGradients is the most gradients of coefficients that a kernel keeps, those of
// order 1 and 2.
const seriesGradients = 4 + 10

// A seriesGradient is those of coefficients, in their order: in registers with AVX-512, which
// has enough of them, else in memory behind the matrix.
type seriesGradient struct {
	seriesKernel
	first, count int // of all coefficients
	v            map[int]reg.VecVirtual
}

// keepGradients reads the gradients of order 2, and if linear is set those of order 1.
func (k seriesKernel) keepGradients(linear bool) seriesGradient {
	d := seriesGradient{k, 1 + k.n, cgTerms(k.n) - 1 - k.n, map[int]reg.VecVirtual{}}
	if linear {
		d.first, d.count = 1, cgTerms(k.n)-1
	}
	d.each(func(m Mem, i int) {
		v := d.vec()
		d.load(m, 0, v)
		if d.lanes == 16 {
			d.v[i] = v
		} else {
			VMOVUPS(v, d.place(i))
		}
	})
	return d
}

func (d seriesGradient) place(i int) Mem { return at(d.matrix).Offset((d.n*d.n + i) * d.bytes()) }

// each visits the gradients, with their places in dcoefs.
func (d seriesGradient) each(visit func(m Mem, i int)) {
	p := GP64()
	IMUL3Q(Imm(uint64(d.first)), d.stride, p)
	ADDQ(param("dcoefs"), p)
	for i := range d.count {
		visit(at(p), i)
		ADDQ(d.stride, p)
	}
}

// changeKept emits what by adds to gradient i.
func (d seriesGradient) changeKept(i int, by func(v reg.VecVirtual)) {
	v, kept := d.v[i]
	if !kept {
		v = d.vec()
		VMOVUPS(d.place(i), v)
	}
	by(v)
	if !kept {
		VMOVUPS(v, d.place(i))
	}
}

// addPairs adds x_i p_j + y_i q_j to the gradients of order 2.
func (d seriesGradient) addPairs(x func(i int) reg.VecVirtual, p []reg.VecVirtual, y func(i int) reg.VecVirtual, q []reg.VecVirtual) {
	ij := 1 + d.n - d.first
	for i := range d.n {
		xi, yi := x(i), y(i)
		for j := i; j < d.n; j++ {
			d.changeKept(ij, func(v reg.VecVirtual) {
				VFMADD231PS(xi, p[j], v)
				VFMADD231PS(yi, q[j], v)
			})
			ij++
		}
	}
}

// done writes the gradients back.
func (d seriesGradient) done() {
	d.each(func(m Mem, i int) {
		d.changeKept(i, func(v reg.VecVirtual) { d.store(m, 0, v) })
	})
}
