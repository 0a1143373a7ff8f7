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
// cgLinear computes L, which the images share, and cgSeries the orders. Backwards,
// cgSeriesGrad has the gradient dL, and cgLinearGrad that of what L is made of.

// seriesForms are the highest orders of input and output that the kernels are made
// for: all that nets have whose series go up to 3.
var seriesForms = []struct{ in, out int }{{1, 1}, {1, 2}, {2, 2}, {2, 3}, {3, 3}}

// seriesTaps is the numbers of window members that they are made for.
var seriesTaps = []int{1, 4}

// seriesKernel is a kernel for one number of members and one form.
type seriesKernel struct {
	row
	n, in, out                   int
	matrix                       reg.Register // of [n][n] vectors in memory, and what follows
	x, index, stride, step, left reg.Register
}

func (k seriesKernel) String() string { return fmt.Sprintf("%dx%dx%dx%v", k.n, k.in, k.out, k.row) }

// seriesRow emits body for each number of members and row, and the choice among them.
// The function keeps vectors in memory: some besides the matrix.
func (s isa) seriesRow(besides int, body func(r row, n int, memory reg.Register)) {
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
		s.lastVec(lanes, 1, fmt.Sprintf("taps%d", n), func(r row) { body(r, n, memory) })
		Label(next)
	}
	RET()
}

// eachSeries emits body, which ends the function, for each form as well.
func (s isa) eachSeries(besides int, body func(k seriesKernel)) {
	s.seriesRow(besides, func(r row, n int, memory reg.Register) {
		for _, f := range seriesForms {
			k := seriesKernel{row: r, n: n, in: f.in, out: f.out, matrix: memory}
			next := fmt.Sprintf("not%v", k)
			CMPQ(param("in"), Imm(uint64(f.in)))
			JNE(LabelRef(next))
			CMPQ(param("out"), Imm(uint64(f.out)))
			JNE(LabelRef(next))
			body(k.loaded())
			Label(next)
		}
		RET()
	})
}

// loaded returns the kernel with the registers that all loops have.
func (k seriesKernel) loaded() seriesKernel {
	k.stride = load("channels")
	SHLQ(Imm(2), k.stride)
	return k
}

// at returns the place of b[i,j] in the matrix.
func (k seriesKernel) at(i, j int) Mem { return at(k.matrix).Offset((i*k.n + j) * k.bytes()) }

// keepMatrix copies the coefficients b to the matrix, with its diagonal doubled.
func (k seriesKernel) keepMatrix() {
	k.coefficients(func(i, j int, v reg.VecVirtual) {
		if i == j {
			VADDPS(v, v, v)
		}
		VMOVUPS(v, k.at(i, j))
		if i != j {
			VMOVUPS(v, k.at(j, i))
		}
	})
}

// coefficients visits the coefficients b in order.
func (k seriesKernel) coefficients(visit func(i, j int, v reg.VecVirtual)) {
	b := k.quadratic("coefs")
	for i := range k.n {
		for j := i; j < k.n; j++ {
			visit(i, j, k.next(b))
		}
	}
}

// quadratic returns the place of the first b in an argument.
func (k seriesKernel) quadratic(name string) reg.Register {
	b := GP64()
	IMUL3Q(Imm(uint64(1+k.n)), k.stride, b)
	ADDQ(param(name), b)
	return b
}

// eachOrder visits the places in base of member i at orders low to high, 1 being the
// one that base points at.
func (k seriesKernel) eachOrder(base reg.Register, i, low, high int, visit func(m int, place Mem)) {
	if low > high {
		return
	}
	at := GP64()
	MOVLQSX(Mem{Base: k.index, Disp: 4 * i}, at)
	for m := 1; m <= high; m++ {
		if m > 1 {
			ADDQ(k.step, at)
		}
		if m >= low {
			visit(m, Mem{Base: base, Index: at, Scale: 4})
		}
	}
}

// member returns member i at orders low to high.
func (k seriesKernel) member(i, low, high int) []reg.VecVirtual {
	var x []reg.VecVirtual
	k.eachOrder(k.x, i, low, high, func(_ int, place Mem) {
		v := k.vec()
		k.load(place, 0, v)
		x = append(x, v)
	})
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

// ofOrder returns the place of an order, 1 being the one that base points at, where
// step is in bytes.
func ofOrder(base, step reg.Register, order int) Mem {
	if order == 1 {
		return at(base)
	}
	return Mem{Base: base, Index: step, Scale: uint8(order - 1)}
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

// eachImage emits the loop over images, whose maps of order 1 the arguments point at:
// those named in xs are xMap apart, the one in y yMap.
func (k seriesKernel) eachImage(xs []string, y string, body func()) {
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

// cgSeries: see above. Order 2 of the products takes v[i] = sum_{j>=i} b[i,j] x_1[j],
// and order 3 what is missing in v[i] until it is sum_j B[i,j] x_1[j].
func cgSeries(s isa) {
	s.function(0, "cgSeries", "(y, x, linear *float32, index *int32, coefs *float32, images, sites, taps, in, out, channels, lanes, xMap, xOrder, yMap, yOrder int)",
		"cgSeriesPortable", "orders 1 to out of order 2 in 1 or 4 taps for one vector of channels")
	s.eachSeries(0, func(k seriesKernel) {
		b := k.orderedPairs()
		k.step = load("xOrder")
		yStep := load("yOrder")
		SHLQ(Imm(2), yStep)
		k.eachImage([]string{"x"}, "y", func() {
			k.x = load("x")
			y, linear := load("y"), load("linear")
			k.eachSite(func() {
				for m, sum := range k.orders(linear, b) {
					k.store(ofOrder(y, yStep, m+1), 0, sum.v)
				}
				ADDQ(k.stride, y)
				k.nextDerivatives(linear)
			})
		})
		end()
	})
}

// orderedPairs returns the coefficients b[i,j] with i <= j: in registers with AVX-512,
// which has enough of them, else in memory.
func (k seriesKernel) orderedPairs() func(i, j int) Op {
	b := map[[2]int]Op{}
	k.coefficients(func(i, j int, v reg.VecVirtual) {
		b[[2]int{i, j}] = v
		if k.lanes < 16 {
			VMOVUPS(v, k.at(i, j))
			b[[2]int{i, j}] = k.at(i, j)
		}
	})
	return func(i, j int) Op { return b[[2]int{i, j}] }
}

// orders returns orders 1 to out of one site.
func (k seriesKernel) orders(linear reg.Register, b func(i, j int) Op) []total {
	x, v, y := make([]reg.VecVirtual, k.n), make([]total, k.n), make([]total, k.out)
	for i := range x {
		x[i] = k.member(i, 1, 1)[0]
	}
	if k.out >= 2 {
		for i := range v {
			for j := i; j < k.n; j++ {
				k.add(&v[i], b(i, j), x[j])
			}
		}
		for i := range v {
			k.add(&y[1], v[i].v, x[i])
		}
	}
	if k.out >= 3 {
		for i := range v {
			for j := range i + 1 {
				k.add(&v[i], b(j, i), x[j])
			}
		}
	}
	for i := range k.n {
		l := k.vec()
		VMOVUPS(k.derivative(linear, i), l)
		k.add(&y[0], l, x[i])
		for m, x := range k.member(i, 2, k.in) {
			k.add(&y[m+1], l, x)
			if m == 0 && k.out >= 3 {
				k.add(&y[2], v[i].v, x)
			}
		}
	}
	return y
}

// cgLinear computes the first derivatives L.
func cgLinear(s isa) {
	s.function(0, "cgLinear", "(linear, x *float32, index *int32, coefs *float32, sites, taps, channels, lanes int)",
		"cgSeriesPortable", "the first derivatives at order 0 of order 2 in 1 or 4 taps for one vector of channels")
	s.seriesRow(0, func(r row, n int, memory reg.Register) {
		k := seriesKernel{row: r, n: n, matrix: memory}.loaded()
		k.keepMatrix()
		k.x = load("x")
		linear := load("linear")
		k.eachSite(func() {
			x, a := make([]reg.VecVirtual, n), load("coefs")
			for i := range x {
				x[i] = k.member(i, 1, 1)[0]
			}
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
		end()
	})
}
