package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The kernels below compute order 2 of power series, for one vector of channels. With
// the symmetric matrix B of second derivatives, b[i,j] and 2 b[i,i], and the first
// derivatives L[i] = a[i] + sum_j B[i,j] x_0[j] at the members' values of order 0, the
// orders are
//
//	y_m = sum_i L[i] x_m[i] + 1/2 sum_{k+l=m} sum_i,j B[i,j] x_k[i] x_l[j],  k, l >= 1
//
// cgLinear computes L, which the images share, cgSeriesLinear the first sum of one order,
// and cgSeriesPair what two orders k <= l add to another, which is half of the second sum's
// if k = l.

// seriesTaps is the numbers of window members that they are made for.
var seriesTaps = []int{1, 4}

// seriesKernel is a kernel for one number of members.
type seriesKernel struct {
	row
	n                   int
	matrix              reg.Register // of [n][n] vectors in memory, and what follows
	index, stride, left reg.Register
}

func (k seriesKernel) String() string { return fmt.Sprintf("%dx%v", k.n, k.row) }

// eachSeries emits body for each number of members and row, and the choice among them. The
// function keeps vectors in memory: some besides the matrix.
func (s isa) eachSeries(besides int, body func(k seriesKernel)) {
	most := seriesTaps[len(seriesTaps)-1]
	local := AllocLocal((most*most+besides)*s.bytes() + 64)
	memory := GP64()
	LEAQ(local, memory)
	ADDQ(Imm(63), memory)
	ANDQ(I32(-64), memory)
	taps, lanes := load("taps"), load("lanes")
	for _, n := range seriesTaps {
		next := fmt.Sprintf("after%d", n)
		CMPQ(taps, Imm(uint64(n)))
		JNE(LabelRef(next))
		s.lastVec(lanes, 1, fmt.Sprintf("taps%d", n), func(r row) {
			k := seriesKernel{row: r, n: n, matrix: memory, stride: load("channels")}
			SHLQ(Imm(2), k.stride)
			body(k)
			end()
		})
		Label(next)
	}
	RET()
}

// at returns the place of b[i,j] in the matrix.
func (k seriesKernel) at(i, j int) Mem { return at(k.matrix).Offset((i*k.n + j) * k.bytes()) }

// keepMatrix copies the coefficients b to the matrix, with its diagonal doubled.
func (k seriesKernel) keepMatrix() {
	b := GP64()
	IMUL3Q(Imm(uint64(1+k.n)), k.stride, b)
	ADDQ(param("coefs"), b)
	for i := range k.n {
		for j := i; j < k.n; j++ {
			v := k.next(b)
			if i == j {
				VADDPS(v, v, v)
			}
			VMOVUPS(v, k.at(i, j))
			if i != j {
				VMOVUPS(v, k.at(j, i))
			}
		}
	}
}

// place returns the place of member i in the map that base points at.
func (k seriesKernel) place(base reg.Register, i int) Mem {
	at := GP64()
	MOVLQSX(Mem{Base: k.index, Disp: 4 * i}, at)
	return Mem{Base: base, Index: at, Scale: 4}
}

// members returns the members in the map that base points at.
func (k seriesKernel) members(base reg.Register) []reg.VecVirtual {
	x := k.vecs(k.n)
	for i := range x {
		k.load(k.place(base, i), 0, x[i])
	}
	return x
}

// next loads the row at p and moves p to the next.
func (k seriesKernel) next(p reg.Register) reg.VecVirtual {
	v := k.vec()
	k.load(at(p), 0, v)
	ADDQ(k.stride, p)
	return v
}

// derivative returns the place of the first derivative to member i, where those of a
// site begin at base. They are whole vectors, whatever the number of channels.
func (k seriesKernel) derivative(base reg.Register, i int) Mem { return at(base).Offset(i * k.bytes()) }

// nextDerivatives moves base to the next site's.
func (k seriesKernel) nextDerivatives(base reg.Register) { ADDQ(I32(int32(k.n*k.bytes())), base) }

// product returns sum_j B[i,j] x[j].
func (k seriesKernel) product(i int, x []reg.VecVirtual) reg.VecVirtual {
	var u total
	for j := range x {
		k.add(&u, k.at(i, j), x[j])
	}
	return u.v
}

// A total is a vector to which products are added, the first of which begins it.
type total struct{ v reg.VecVirtual }

func (k seriesKernel) add(s *total, a Op, b reg.VecVirtual) {
	if s.v == nil {
		s.v = k.vec()
		VMULPS(a, b, s.v)
		return
	}
	VFMADD231PS(a, b, s.v)
}

// eachSite emits the loop over sites.
func (k *seriesKernel) eachSite(body func()) {
	k.index, k.left = load("index"), load("sites")
	label := fmt.Sprintf("site%v", k)
	Label(label)
	body()
	ADDQ(Imm(uint64(4*k.n)), k.index)
	DECQ(k.left)
	JNZ(LabelRef(label))
}

// eachImage emits the loop over images, whose maps are xMap apart for the arguments named
// in xs, and yMap apart for the one in y.
func (k seriesKernel) eachImage(y string, xs []string, body func()) {
	label := fmt.Sprintf("image%v", k)
	Label(label)
	body()
	move := func(apart string, names ...string) {
		n := load(apart)
		SHLQ(Imm(2), n)
		for _, name := range names {
			ADDQ(n, param(name))
		}
	}
	move("xMap", xs...)
	move("yMap", y)
	DECQ(param("images"))
	JNZ(LabelRef(label))
}

// cgLinear computes the first derivatives L.
func cgLinear(s isa) {
	s.function(0, "cgLinear", "(linear, x *float32, index *int32, coefs *float32, sites, taps, channels, lanes int)",
		"cgSeriesPortable", "the first derivatives at order 0 of order 2 in 1 or 4 taps for one vector of channels")
	s.eachSeries(0, func(k seriesKernel) {
		k.keepMatrix()
		x, linear := load("x"), load("linear")
		k.eachSite(func() {
			x, a := k.members(x), load("coefs")
			ADDQ(k.stride, a)
			for i := range x {
				l := k.next(a)
				for j := range x {
					VFMADD231PS(k.at(i, j), x[j], l)
				}
				VMOVUPS(l, k.derivative(linear, i))
			}
			k.nextDerivatives(linear)
		})
	})
}

func cgSeriesLinear(s isa) {
	s.function(0, "cgSeriesLinear", "(y, x, linear *float32, index *int32, images, sites, taps, channels, lanes, xMap, yMap int)",
		"cgSeriesPortable", "the first derivatives times an order of 1 or 4 taps for one vector of channels")
	s.eachSeries(0, func(k seriesKernel) {
		k.eachImage("y", []string{"x"}, func() {
			y, x, linear := load("y"), load("x"), load("linear")
			k.eachSite(func() {
				var sum total
				for i, x := range k.members(x) {
					k.add(&sum, k.derivative(linear, i), x)
				}
				k.store(at(y), 0, sum.v)
				ADDQ(k.stride, y)
				k.nextDerivatives(linear)
			})
		})
	})
}

func cgSeriesPair(s isa) {
	s.function(0, "cgSeriesPair", "(y, xk, xl *float32, index *int32, coefs *float32, images, sites, taps, channels, lanes, xMap, yMap int, factor float32)",
		"cgSeriesPortable", "the products of two orders of 1 or 4 taps for one vector of channels")
	s.eachSeries(0, func(k seriesKernel) {
		k.keepMatrix()
		factor := k.factor()
		k.eachImage("y", []string{"xk", "xl"}, func() {
			y, xk, xl := load("y"), load("xk"), load("xl")
			k.eachSite(func() {
				b := k.members(xl)
				var sum total
				for i, a := range k.members(xk) {
					k.add(&sum, k.product(i, b), a)
				}
				v := k.vec()
				k.load(at(y), 0, v)
				VFMADD231PS(factor, sum.v, v)
				k.store(at(y), 0, v)
				ADDQ(k.stride, y)
			})
		})
	})
}

// factor returns the argument of that name in all lanes.
func (k seriesKernel) factor() reg.VecVirtual {
	v := k.vec()
	VBROADCASTSS(param("factor"), v)
	return v
}
