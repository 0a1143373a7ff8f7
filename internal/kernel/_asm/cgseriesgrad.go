package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// What is done with the gradients of the inputs.
const (
	addInputs   = iota // they are added to what is there
	storeInputs        // they are stored
	noInputs           // there is no place for them
)

// cgSeriesGrad computes the gradients of cgSeries:
//
//	for s in sites:
//		p_l[i] = sum_{k>=1} dy_{k+l}[s] x_k[i]
//		dL[i] += p_0[i]
//		dx_l[i] = L[i] dy_l[s] + sum_j B[i,j] p_l[j]
//		db[i,j] += sum_{k>=1} x_k[i] p_k[j]
func cgSeriesGrad(s isa) {
	s.function(0, "cgSeriesGrad", "(dx, dcoefs, dlinear, x, linear *float32, index *int32, dy, coefs *float32, "+
		"images, sites, taps, in, out, channels, lanes, inputs, xMap, xOrder, yMap, yOrder int)",
		"cgSeriesGradPortable", "orders 1 to out of order 2 in 1 or 4 taps for one vector of channels")
	s.eachSeries(seriesGradients, func(k seriesKernel) {
		k.keepMatrix()
		db := k.keepGradients(false)
		k.step = load("xOrder")
		yStep := load("yOrder")
		SHLQ(Imm(2), yStep)
		k.eachImage([]string{"x", "dx"}, "dy", func() {
			k.x = load("x")
			dx, dy, linear, dlinear := load("dx"), load("dy"), load("linear"), load("dlinear")
			k.eachSite(func() {
				g := k.vecs(k.out)
				for m := range g {
					k.load(ofOrder(dy, yStep, m+1), 0, g[m])
				}
				ADDQ(k.stride, dy)
				p := k.correlations(g, dlinear)
				k.ifInputs(func() {
					for i := range k.n {
						l := k.vec()
						VMOVUPS(k.derivative(linear, i), l)
						k.addTo(dx, i, k.inputs(i, l, g, p))
					}
				})
				k.nextDerivatives(linear)
				k.nextDerivatives(dlinear)
				db.addPairs(func(i int) []reg.VecVirtual { return k.member(i, 1, len(p)) }, p)
			})
		})
		db.done()
		end()
	})
}

// cgLinearGrad computes the gradients of cgLinear:
//
//	for s in sites:
//		da[i] += dL[i]
//		dx[i] += sum_j B[i,j] dL[j]
//		db[i,j] += x[i] dL[j] + dL[i] x[j]
func cgLinearGrad(s isa) {
	s.function(0, "cgLinearGrad", "(dx, dcoefs, dlinear, x *float32, index *int32, coefs *float32, sites, taps, channels, lanes, inputs int)",
		"cgSeriesGradPortable", "the first derivatives at order 0 of order 2 in 1 or 4 taps for one vector of channels")
	s.seriesRow(seriesGradients, func(r row, n int, memory reg.Register) {
		k := seriesKernel{row: r, n: n, in: 1, out: 2, matrix: memory}.loaded()
		k.keepMatrix()
		kept := k.keepGradients(true)
		k.x = load("x")
		dx, dlinear := load("dx"), load("dlinear")
		k.eachSite(func() {
			d, x := make([]reg.VecVirtual, n), make([]reg.VecVirtual, n)
			for i := range d {
				d[i], x[i] = k.vec(), k.member(i, 1, 1)[0]
				VMOVUPS(k.derivative(dlinear, i), d[i])
			}
			k.nextDerivatives(dlinear)
			k.ifInputs(func() {
				for i := range k.n {
					var u total
					for j := range d {
						k.add(&u, k.at(i, j), d[j])
					}
					k.addTo(dx, i, []total{u})
				}
			})
			for i := range d {
				kept.change(i, func(v reg.VecVirtual) { VADDPS(d[i], v, v) })
			}
			kept.addPairs(func(i int) []reg.VecVirtual { return []reg.VecVirtual{x[i], d[i]} }, [][]reg.VecVirtual{d, x})
		})
		kept.done()
		end()
	})
}

// correlations returns p_1, p_2, ... as far as they are not zero, and adds p_0 to
// dlinear.
func (k seriesKernel) correlations(g []reg.VecVirtual, dlinear reg.Register) [][]reg.VecVirtual {
	p := make([][]reg.VecVirtual, min(k.in, k.out-1))
	for i := range k.n {
		x := k.member(i, 1, k.in)
		for l := range p {
			var s total
			for m := range min(k.in, k.out-l-1) {
				k.add(&s, g[m+l+1], x[m])
			}
			p[l] = append(p[l], s.v)
		}
		d := k.vec()
		VMOVUPS(k.derivative(dlinear, i), d)
		for m := range x {
			VFMADD231PS(g[m], x[m], d)
		}
		VMOVUPS(d, k.derivative(dlinear, i))
	}
	return p
}

// ifInputs emits body, which is jumped over if there are no gradients of the inputs.
func (k seriesKernel) ifInputs(body func()) {
	label := fmt.Sprintf("noinputs%v", k)
	CMPQ(param("inputs"), Imm(noInputs))
	JEQ(LabelRef(label))
	body()
	Label(label)
}

// inputs returns the gradients of orders 1, 2, ... of member i.
func (k seriesKernel) inputs(i int, linear reg.VecVirtual, g []reg.VecVirtual, p [][]reg.VecVirtual) []total {
	u := make([]total, k.in)
	for m := range u {
		k.add(&u[m], linear, g[m])
	}
	for j := range k.n {
		if len(p) == 0 {
			break
		}
		b := k.vec()
		VMOVUPS(k.at(i, j), b)
		for m := range p {
			k.add(&u[m], b, p[m][j])
		}
	}
	return u
}

// addTo adds u to the gradients of orders 1, 2, ... of member i, or stores it.
func (k seriesKernel) addTo(dx reg.Register, i int, u []total) {
	store := fmt.Sprintf("store%dx%v", i, k)
	CMPQ(param("inputs"), Imm(storeInputs))
	JEQ(LabelRef(store))
	k.eachOrder(dx, i, 1, len(u), func(m int, place Mem) {
		old := k.vec()
		k.load(place, 0, old)
		VADDPS(old, u[m-1].v, u[m-1].v)
	})
	Label(store)
	k.eachOrder(dx, i, 1, len(u), func(m int, place Mem) { k.store(place, 0, u[m-1].v) })
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

// change emits what by adds to gradient i.
func (d seriesGradient) change(i int, by func(v reg.VecVirtual)) {
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

// addPairs adds sum_k x_k[i] p_k[j] to the gradients of order 2, where x returns the
// x_k[i] that have a p_k.
func (d seriesGradient) addPairs(x func(i int) []reg.VecVirtual, p [][]reg.VecVirtual) {
	if len(p) == 0 {
		return
	}
	ij := 1 + d.n - d.first
	for i := range d.n {
		xi := x(i)
		for j := i; j < d.n; j++ {
			d.change(ij, func(v reg.VecVirtual) {
				for m := range xi {
					VFMADD231PS(xi[m], p[m][j], v)
				}
			})
			ij++
		}
	}
}

// done writes the gradients back.
func (d seriesGradient) done() {
	d.each(func(m Mem, i int) {
		d.change(i, func(v reg.VecVirtual) { d.store(m, 0, v) })
	})
}
