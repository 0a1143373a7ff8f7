package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// cgTaps is the numbers of window members that cg and cgGrad are made for.
var cgTaps = []int{1, 2, 3, 4, 6, 9}

// cgTerms is the number of coefficients of order 2.
func cgTerms(n int) int { return 1 + n + n*(n+1)/2 }

// members are how the members of a window are read: one vector of channels of
// each of n, less the channels' mean if there is one.
type members struct {
	row
	n    int
	mean reg.VecVirtual // nil: none
}

func (m members) String() string {
	name := fmt.Sprintf("%dx%v", m.n, m.row)
	if m.mean != nil {
		name += "centred"
	}
	return name
}

// free is the number of vector registers that the row and the mean leave.
func (m members) free() int {
	if m.mean != nil {
		return m.row.free() - 1
	}
	return m.row.free()
}

// member reads the i-th member from index on.
func (m members) member(x, index reg.Register, i int) reg.VecVirtual {
	at, v := GP64(), m.vec()
	MOVLQSX(Mem{Base: index, Disp: 4 * i}, at)
	m.load(Mem{Base: x, Index: at, Scale: 4}, 0, v)
	if m.mean != nil {
		VSUBPS(m.mean, v, v)
	}
	return v
}

// eachTaps emits body, which ends the function, for each number of taps, with
// and without a mean, and the choice among them.
func (s isa) eachTaps(body func(m members)) {
	taps, lanes := load("taps"), load("lanes")
	for _, n := range cgTaps {
		next := fmt.Sprintf("after%d", n)
		CMPQ(taps, Imm(uint64(n)))
		JNE(LabelRef(next))
		s.lastVec(lanes, 1, fmt.Sprintf("taps%d", n), func(r row) {
			plain, mean := members{row: r, n: n}, load("mean")
			TESTQ(mean, mean)
			JZ(LabelRef("plain" + plain.String()))
			centred := members{r, n, r.vec()}
			r.load(at(mean), 0, centred.mean)
			body(centred)
			Label("plain" + plain.String())
			body(plain)
		})
		Label(next)
	}
	RET()
}

// cg computes the polynomial of order 2 in one vector of channels:
//
//	for s in sites:
//		sum = c
//		for i in taps:
//			t = a[i]
//			for j in i..taps: t += b[i,j] * x[j]
//			sum += t * x[i]
//		y[s] = sum
//
// where x[i] is short for x[index[s,i]] - mean, or without a mean the input alone.
// The coefficients are in registers where they fit. See cgPortable for the Go
// equivalent.
func cg(s isa) {
	s.begin("cg", "(y, x, mean *float32, index *int32, coefs *float32, sites, taps, channels, lanes, ahead int)",
		"cgPortable", "order 2 in 1, 2, 3, 4, 6 or 9 taps for one vector of channels")
	s.eachTaps(func(m members) {
		y, x, index, coefs := load("y"), load("x"), load("index"), load("coefs")
		left, stride := load("sites"), load("channels")
		SHLQ(Imm(2), stride)
		k := cgKernel{m, y, x, index, coefs, stride, left, newAhead(m.n, stride)}
		switch perSite := m.n + 2; {
		case cgTerms(m.n)+perSite <= m.free():
			c := m.vecs(cgTerms(m.n))
			tile{c}.column().walk(coefs, stride, m.load)
			k.sites(1, func(i int) reg.VecVirtual { return c[i] })
		case 2*perSite+1 <= m.free():
			k.sites(2, nil)
			k.sites(1, nil)
		default:
			k.sites(1, nil)
		}
		end()
	})
}

// column makes each vector of a one-row tile a row of its own.
func (t tile) column() tile {
	c := make(tile, len(t[0]))
	for i, v := range t[0] {
		c[i] = []reg.VecVirtual{v}
	}
	return c
}

type cgKernel struct {
	members
	y, x, index, coefs, stride, left reg.Register
	ahead                            ahead
}

// ahead is how far from a site the one stands whose cache lines are fetched
// while it is worked on, in bytes of the index and of a row an output site. The
// passes over one vector of channels after another leave out lines, which the
// processor does not foresee. They are fetched into the level 2 cache: on their
// way to the level 1 cache they would hold one of its few places for lines under
// way, and memory would bring half as much.
type ahead struct{ index, rows reg.Register }

// newAhead takes the argument ahead, a number of sites of n taps whose rows
// stand stride bytes apart.
func newAhead(n int, stride reg.Register) ahead {
	a := ahead{load("ahead"), GP64()}
	MOVQ(a.index, a.rows)
	IMULQ(stride, a.rows)
	IMUL3Q(Imm(uint64(4*n)), a.index, a.index)
	return a
}

// unlessZero emits body, which is jumped over if the argument is 0.
func (a ahead) unlessZero(label string, body func()) {
	TESTQ(a.index, a.index)
	JZ(LabelRef(label))
	body()
	Label(label)
}

// inputs fetches tap i of the site ahead in each of the buffers.
func (a ahead) inputs(index reg.Register, i int, buffers ...reg.Register) {
	at := GP64()
	MOVLQSX(Mem{Base: index, Index: a.index, Scale: 1, Disp: 4 * i}, at)
	for _, b := range buffers {
		PREFETCHT2(Mem{Base: b, Index: at, Scale: 4})
	}
}

// row fetches the row ahead of p.
func (a ahead) row(p reg.Register) { PREFETCHT2(Mem{Base: p, Index: a.rows, Scale: 1}) }

// sites works on as many groups of several sites as are left. A nil coef
// means that the coefficients are in memory.
func (k cgKernel) sites(group int, coef func(i int) reg.VecVirtual) {
	label := func(name string) string { return fmt.Sprintf("%s%vx%d", name, k.members, group) }
	Label(label("site"))
	CMPQ(k.left, Imm(uint64(group)))
	JL(LabelRef(label("done")))
	x := make(tile, group)
	for g := range x {
		for i := range k.n {
			x[g] = append(x[g], k.member(k.x, k.index, g*k.n+i))
		}
	}
	k.ahead.unlessZero(label("near"), func() {
		for i := range group * k.n {
			k.ahead.inputs(k.index, i, k.x)
		}
		y := GP64()
		MOVQ(k.y, y)
		for range group {
			k.ahead.row(y)
			ADDQ(k.stride, y)
		}
	})
	sum := k.polynomial(x, coef)
	sum.walk(k.y, k.stride, k.store)
	for range group {
		ADDQ(k.stride, k.y)
	}
	ADDQ(Imm(uint64(4*k.n*group)), k.index)
	SUBQ(Imm(uint64(group)), k.left)
	JMP(LabelRef(label("site")))
	Label(label("done"))
}

// polynomial returns the polynomial's value for each site of x.
func (k cgKernel) polynomial(x tile, coef func(i int) reg.VecVirtual) tile {
	linear, quadratic := GP64(), GP64()
	if coef == nil {
		MOVQ(k.coefs, linear)
		IMUL3Q(Imm(uint64(1+k.n)), k.stride, quadratic)
		ADDQ(k.coefs, quadratic)
	}
	next := func(i int, cursor reg.Register) reg.VecVirtual {
		if coef != nil {
			return coef(i)
		}
		c := k.vec()
		k.load(at(cursor), 0, c)
		ADDQ(k.stride, cursor)
		return c
	}
	start := func(i int) []reg.VecVirtual {
		c, v := next(i, linear), k.vecs(len(x))
		for g := range v {
			VMOVAPS(c, v[g])
		}
		return v
	}
	sum := start(0)
	for i, b := 0, 1+k.n; i < k.n; i++ {
		t := start(1 + i)
		for j := i; j < k.n; j++ {
			c := next(b, quadratic)
			for g := range x {
				VFMADD231PS(c, x[g][j], t[g])
			}
			b++
		}
		for g := range x {
			VFMADD231PS(t[g], x[g][i], sum[g])
		}
	}
	return tile{sum}.column()
}
