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
	s.eachSeries(seriesPairs, func(k seriesKernel) {
		k.keepMatrix(true)
		db := k.pairs()
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
						k.addTo(dx, i, k.inputs(i, k.next(linear), g, p))
					}
				})
				db.add(len(p), k.member, p)
			})
		})
		db.done()
		end()
	})
}

// cgLinearGrad computes the gradients of cgLinear, but for that of a:
//
//	for s in sites:
//		dx[i] += sum_j B[i,j] dL[j]
//		db[i,j] += x[i] dL[j] + dL[i] x[j]
func cgLinearGrad(s isa) {
	s.function(0, "cgLinearGrad", "(dx, dcoefs, dlinear, x *float32, index *int32, coefs *float32, sites, taps, channels, lanes, inputs int)",
		"cgSeriesGradPortable", "the first derivatives at order 0 of order 2 in 1 or 4 taps for one vector of channels")
	s.seriesRow(seriesPairs, func(r row, n int, memory reg.Register) {
		k := seriesKernel{row: r, n: n, in: 1, out: 2, matrix: memory}.loaded()
		k.keepMatrix(true)
		db := k.pairs()
		k.x = load("x")
		dx, dlinear := load("dx"), load("dlinear")
		k.eachSite(func() {
			d, x := make([]reg.VecVirtual, n), make([]reg.VecVirtual, n)
			for i := range d {
				d[i], x[i] = k.next(dlinear), k.member(i, 1)
			}
			k.ifInputs(func() {
				for i := range k.n {
					var u total
					for j := range d {
						k.add(&u, k.at(i, j), d[j])
					}
					k.addTo(dx, i, []total{u})
				}
			})
			both := [][]reg.VecVirtual{d, x}
			db.add(2, func(i, m int) reg.VecVirtual { return both[2-m][i] }, both)
		})
		db.done()
		end()
	})
}

// correlations returns p_1, p_2, ... as far as they are not zero, and adds p_0 to
// dlinear, which it moves to the next site.
func (k seriesKernel) correlations(g []reg.VecVirtual, dlinear reg.Register) [][]reg.VecVirtual {
	p := make([][]reg.VecVirtual, min(k.in, k.out-1))
	for i := range k.n {
		x := make([]reg.VecVirtual, k.in)
		for m := range x {
			x[m] = k.member(i, m+1)
		}
		for l := range p {
			var s total
			for m := range min(k.in, k.out-l-1) {
				k.add(&s, g[m+l+1], x[m])
			}
			p[l] = append(p[l], s.v)
		}
		d := k.vec()
		k.load(at(dlinear), 0, d)
		for m := range x {
			VFMADD231PS(g[m], x[m], d)
		}
		k.store(at(dlinear), 0, d)
		ADDQ(k.stride, dlinear)
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
		for m := range p {
			k.add(&u[m], k.at(i, j), p[m][j])
		}
	}
	return u
}

// addTo adds u to the gradients of orders 1, 2, ... of member i, or stores it.
func (k seriesKernel) addTo(dx reg.Register, i int, u []total) {
	store := fmt.Sprintf("store%dx%v", i, k)
	CMPQ(param("inputs"), Imm(storeInputs))
	JEQ(LabelRef(store))
	for m := range u {
		old := k.vec()
		k.load(k.place(dx, i, m+1), 0, old)
		VADDPS(old, u[m].v, u[m].v)
	}
	Label(store)
	for m := range u {
		k.store(k.place(dx, i, m+1), 0, u[m].v)
	}
}

// seriesPairs is the most pairs of members.
const seriesPairs = 10

// pairs are the gradients of the b: in registers with AVX-512, which has enough of
// them, else in memory behind the matrix.
type pairs struct {
	seriesKernel
	v map[[2]int]reg.VecVirtual
}

func (d pairs) place(i, j int) Mem {
	return at(d.matrix).Offset((d.n*d.n + i*d.n - i*(i+1)/2 + j) * d.bytes())
}

// each visits the gradients of all b in order, the places of which are in dcoefs.
func (d pairs) each(visit func(place Mem, i, j int)) {
	p := d.quadratic("dcoefs")
	for i := range d.n {
		for j := i; j < d.n; j++ {
			visit(at(p), i, j)
			ADDQ(d.stride, p)
		}
	}
}

// pairs reads the gradients of the b.
func (k seriesKernel) pairs() pairs {
	d := pairs{k, map[[2]int]reg.VecVirtual{}}
	d.each(func(m Mem, i, j int) {
		v := d.vec()
		d.load(m, 0, v)
		if d.lanes == 16 {
			d.v[[2]int{i, j}] = v
		} else {
			VMOVUPS(v, d.place(i, j))
		}
	})
	return d
}

// add adds sum_k x_k[i] p_k[j], where k goes up to orders.
func (d pairs) add(orders int, x func(i, m int) reg.VecVirtual, p [][]reg.VecVirtual) {
	for i := range d.n {
		xi := make([]reg.VecVirtual, orders)
		for m := range xi {
			xi[m] = x(i, m+1)
		}
		for j := i; j < d.n && orders > 0; j++ {
			v, kept := d.v[[2]int{i, j}]
			if !kept {
				v = d.vec()
				VMOVUPS(d.place(i, j), v)
			}
			for m := range xi {
				VFMADD231PS(xi[m], p[m][j], v)
			}
			if !kept {
				VMOVUPS(v, d.place(i, j))
			}
		}
	}
}

// done writes the gradients back.
func (d pairs) done() {
	d.each(func(m Mem, i, j int) {
		v, kept := d.v[[2]int{i, j}]
		if !kept {
			v = d.vec()
			VMOVUPS(d.place(i, j), v)
		}
		d.store(m, 0, v)
	})
}
