package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// cgGrad computes the gradients of cg in one vector of channels:
//
//	for s in sites:
//		g = dy[s]; dc += g
//		for i in taps:
//			gi = g * x[i]; da[i] += gi; u = a[i]
//			for j in i..taps:
//				db[i,j] += gi * x[j]; u += b[i,j] * x[j]; dx[j] += gi * b[i,j]
//			dx[i] += g * u
//
// where x[i] is short for x[index[s,i]], less the mean if there is one. The gradients of the coefficients are
// kept in registers; where there are too few the sites are gone through in
// several passes, each for some of the gradients. See cgGradPortable for the
// Go equivalent.
func cgGrad(s isa) {
	s.begin("cgGrad", "(dx, dcoefs, x, mean *float32, index *int32, dy, coefs *float32, sites, taps, channels, lanes, partition, ahead int)",
		"cgGradPortable", "order 2 in 1, 2, 3, 4, 6 or 9 taps for one vector of channels")
	s.eachTaps(func(m members) {
		k := cgGradKernel{members: m, x: load("x"), dx: load("dx"), stride: load("channels")}
		SHLQ(Imm(2), k.stride)
		all := span{0, m.n}
		noDX := fmt.Sprintf("nodx%v", m)
		TESTQ(k.dx, k.dx)
		JZ(LabelRef(noDX))
		if cgTerms(m.n)+2*m.n+4 <= m.free() {
			k.pass(all, all)
			end()
			Label(noDX)
			k.coefPasses()
			end()
			return
		}
		most := min(m.n, m.free()-4-m.n)
		for low := 0; low < m.n; low += most {
			k.pass(span{}, span{low, min(m.n, low+most)})
		}
		Label(noDX)
		k.coefPasses()
		end()
	})
}

// A span is the taps from low up to, not including, high.
type span struct{ low, high int }

func (s span) has(i int) bool { return s.low <= i && i < s.high }

type cgGradKernel struct {
	members
	x, dx, stride reg.Register
}

// terms is the number of coefficients that begin with x_i, and one more for
// the constant, which goes with x_0.
func (k cgGradKernel) terms(i int) int {
	if i == 0 {
		return 2 + k.n
	}
	return 1 + k.n - i
}

// coefPasses computes the gradients of the coefficients alone.
func (k cgGradKernel) coefPasses() {
	for low := 0; low < k.n; {
		high, used := low, 0
		for high < k.n && used+k.terms(high) <= k.free()-3 {
			used += k.terms(high)
			high++
		}
		k.pass(span{low, high}, span{})
		low = high
	}
}

// pass goes through the sites once for the gradients of the coefficients that
// begin with a tap in coefs and of the inputs in inputs.
func (k cgGradKernel) pass(coefs, inputs span) {
	label := func(name string) string {
		return fmt.Sprintf("%s%vx%dx%d", name, k.members, coefs.low, inputs.high)
	}
	acc := k.accumulators(coefs)
	k.walkCoefs(coefs, acc, load("dcoefs"), k.load)
	index, dy, left := load("index"), load("dy"), load("sites")
	ahead := newAhead(k.n, k.stride)
	Label(label("site"))
	g := k.vec()
	k.load(at(dy), 0, g)
	ahead.unlessZero(label("near"), func() { k.fetch(ahead, index, dy, coefs, inputs) })
	x := k.inputs(index, acc, coefs, inputs)
	dx := k.step(g, x, acc, coefs, inputs)
	for i := inputs.low; i < inputs.high; i++ {
		k.storeDX(index, i, dx[i], label(fmt.Sprintf("tap%dx", i)))
	}
	ADDQ(Imm(uint64(4*k.n)), index)
	ADDQ(k.stride, dy)
	DECQ(left)
	JNZ(LabelRef(label("site")))
	k.walkCoefs(coefs, acc, load("dcoefs"), k.store)
}

// fetch fetches what the site ahead needs first in a pass: all of it in the
// first pass, the gradients of the inputs in the pass that makes them.
func (k cgGradKernel) fetch(a ahead, index, dy reg.Register, coefs, inputs span) {
	if inputs.low == 0 && (inputs.high > 0 || coefs.low == 0) {
		a.row(dy)
	}
	for i := range k.n {
		var buffers []reg.Register
		if inputs.low == 0 && (inputs.high > 0 || coefs.low == 0) {
			buffers = append(buffers, k.x)
		}
		if inputs.has(i) {
			buffers = append(buffers, k.dx)
		}
		if len(buffers) > 0 {
			a.inputs(index, i, buffers...)
		}
	}
}

// gradients of a pass: of the constant, if it is in it, and by tap i of x_i
// and of x_i x_j for j = i, i+1, ...
type gradients struct {
	constant  reg.VecVirtual
	linear    map[int]reg.VecVirtual
	quadratic map[[2]int]reg.VecVirtual
	count     int
}

func (k cgGradKernel) accumulators(coefs span) gradients {
	g := gradients{linear: map[int]reg.VecVirtual{}, quadratic: map[[2]int]reg.VecVirtual{}}
	if coefs.has(0) {
		g.constant = k.vec()
	}
	for i := coefs.low; i < coefs.high; i++ {
		g.linear[i] = k.vec()
		for j := i; j < k.n; j++ {
			g.quadratic[[2]int{i, j}] = k.vec()
		}
		g.count += k.terms(i)
	}
	return g
}

// walkCoefs applies move to the pass's gradients and their places at p.
func (k cgGradKernel) walkCoefs(coefs span, acc gradients, p reg.Register, move func(m Mem, i int, v reg.VecVirtual)) {
	do := func(in bool, v reg.VecVirtual) {
		if in {
			move(at(p), 0, v)
		}
		ADDQ(k.stride, p)
	}
	if acc.count == 0 {
		return
	}
	do(coefs.has(0), acc.constant)
	for i := range k.n {
		do(coefs.has(i), acc.linear[i])
	}
	for i := range k.n {
		for j := i; j < k.n; j++ {
			do(coefs.has(i), acc.quadratic[[2]int{i, j}])
		}
	}
}

// inputs returns what yields x_i: a register loaded at the start of the site
// while there are any left, else a load at each use.
func (k cgGradKernel) inputs(index reg.Register, acc gradients, coefs, outs span) func(i int) reg.VecVirtual {
	fetch := func(i int) reg.VecVirtual { return k.member(k.x, index, i) }
	low, spare := coefs.low, k.free()-acc.count-3
	if outs.high > 0 {
		low, spare = 0, k.n
	}
	kept := map[int]reg.VecVirtual{}
	for i := low; i < k.n && len(kept) < spare; i++ {
		kept[i] = fetch(i)
	}
	return func(i int) reg.VecVirtual {
		if v, ok := kept[i]; ok {
			return v
		}
		return fetch(i)
	}
}

// step adds one site's gradients to acc and returns those of the inputs.
func (k cgGradKernel) step(g reg.VecVirtual, x func(i int) reg.VecVirtual, acc gradients, coefs, inputs span) map[int]reg.VecVirtual {
	dx := map[int]reg.VecVirtual{}
	add := func(i int, a, b reg.VecVirtual) {
		if _, ok := dx[i]; ok {
			VFMADD231PS(a, b, dx[i])
			return
		}
		dx[i] = k.vec()
		VMULPS(a, b, dx[i])
	}
	linear, quadratic := k.cursors(inputs)
	next := func(cursor reg.Register) reg.VecVirtual {
		c := k.vec()
		k.load(at(cursor), 0, c)
		return c
	}
	if coefs.has(0) {
		VADDPS(g, acc.constant, acc.constant)
	}
	for i := range max(coefs.high, inputs.high) {
		if !coefs.has(i) && inputs.high == 0 {
			continue
		}
		gi := k.vec()
		VMULPS(x(i), g, gi)
		if coefs.has(i) {
			VADDPS(gi, acc.linear[i], acc.linear[i])
		}
		var u reg.VecVirtual
		if inputs.has(i) {
			u = next(linear)
		}
		if inputs.high > 0 {
			ADDQ(k.stride, linear)
		}
		for j := i; j < k.n; j++ {
			if coefs.has(i) {
				VFMADD231PS(x(j), gi, acc.quadratic[[2]int{i, j}])
			}
			if inputs.has(i) || inputs.has(j) {
				b := next(quadratic)
				if inputs.has(i) {
					VFMADD231PS(b, x(j), u)
				}
				if inputs.has(j) {
					add(j, gi, b)
				}
			}
			if inputs.high > 0 {
				ADDQ(k.stride, quadratic)
			}
		}
		if inputs.has(i) {
			add(i, g, u)
		}
	}
	return dx
}

// cursors returns pointers to the first linear and quadratic coefficients if
// the pass needs them.
func (k cgGradKernel) cursors(inputs span) (linear, quadratic reg.Register) {
	if inputs.high == 0 {
		return nil, nil
	}
	linear, quadratic = load("coefs"), GP64()
	IMUL3Q(Imm(uint64(1+k.n)), k.stride, quadratic)
	ADDQ(linear, quadratic)
	ADDQ(k.stride, linear)
	return linear, quadratic
}

// storeDX stores the gradient of x_i, or adds it unless win.Partition is set.
func (k cgGradKernel) storeDX(index reg.Register, i int, v reg.VecVirtual, store string) {
	at := GP64()
	MOVLQSX(Mem{Base: index, Disp: 4 * i}, at)
	m := Mem{Base: k.dx, Index: at, Scale: 4}
	CMPQ(param("partition"), Imm(0))
	JNE(LabelRef(store))
	old := k.vec()
	k.load(m, 0, old)
	VADDPS(old, v, v)
	Label(store)
	k.store(m, 0, v)
}
