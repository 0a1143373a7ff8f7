package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The passes below work on rows of channels, all of this form:
//
//	for each panel of up to four vectors of channels:
//		load the panel's coefficients and clear its sums
//		for r in rows: update or store row r of the panel
//		add the sums to their place
//
// Sums are taken over several rows at once, each with a register of its own.
// See sumRowsPortable and so on for the Go equivalents.
const passVecs = 4

// A panel is the part of a pass that works on one panel of channels.
type panel struct {
	row
	label  string
	offset reg.Register // of the panel in a row, bytes
	stride reg.Register // of rows, bytes
}

// channelPass emits a function of rows of channels. Its panels all run body.
func (s isa) channelPass(name, pointers string, body func(p panel)) {
	s.begin(name, "("+pointers+" *float32, rows, channels int)", name+"Portable", "the whole of "+name)
	left, offset, stride := load("channels"), GP64(), load("channels")
	SHLQ(Imm(2), stride)
	XORQ(offset, offset)
	Label("panel")
	CMPQ(left, Imm(uint64(passVecs*s.lanes)))
	JLE(LabelRef("last"))
	body(panel{row{isa: s, n: passVecs}, "panel", offset, stride})
	ADDQ(I32(passVecs*s.bytes()), offset)
	SUBQ(Imm(uint64(passVecs*s.lanes)), left)
	JMP(LabelRef("panel"))
	Label("last")
	s.rows(left, passVecs, func(r row) {
		body(panel{r, "last" + r.String(), offset, stride})
		end()
	})
}

// at returns a pointer to the panel in an argument.
func (p panel) at(name string) reg.Register {
	r := load(name)
	ADDQ(p.offset, r)
	return r
}

// vectors returns the panel's vectors of a per-channel argument.
func (p panel) vectors(name string) []reg.VecVirtual {
	v, m := p.vecs(p.n), at(p.at(name))
	for i := range v {
		p.load(m, i, v[i])
	}
	return v
}

// each runs body for every row, group rows at a time while there are enough.
// The arguments named in rows are at hand as in[0], in[1], ...
func (p panel) each(group int, rows []string, body func(k int, in []Mem)) {
	left, ptrs, in := load("rows"), []reg.Register{}, []Mem{}
	for _, name := range rows {
		r := p.at(name)
		ptrs, in = append(ptrs, r), append(in, at(r))
	}
	sizes := []int{group, 1}
	if group == 1 {
		sizes = sizes[1:]
	}
	for _, size := range sizes {
		loop, done := fmt.Sprintf("%sloop%d", p.label, size), fmt.Sprintf("%sdone%d", p.label, size)
		Label(loop)
		CMPQ(left, Imm(uint64(size)))
		JL(LabelRef(done))
		for k := range size {
			body(k, in)
			for _, r := range ptrs {
				ADDQ(p.stride, r)
			}
		}
		SUBQ(Imm(uint64(size)), left)
		JMP(LabelRef(loop))
		Label(done)
	}
}

// sums returns group registers for each vector of the panel, all zero.
func (p panel) sums(group int) tile {
	t := p.tile(group)
	for _, v := range t {
		p.zero(v...)
	}
	return t
}

// add adds all rows of sums to a per-channel argument.
func (p panel) add(sums tile, name string) {
	m := at(p.at(name))
	for i := range p.n {
		for k := len(sums) / 2; k > 0; k /= 2 {
			for j := range k {
				VADDPS(sums[j+k][i], sums[j][i], sums[j][i])
			}
		}
		old := p.vec()
		p.load(m, i, old)
		VADDPS(old, sums[0][i], sums[0][i])
		p.store(m, i, sums[0][i])
	}
}

// groupFor is the number of rows that, with n vectors each, make up to most
// vectors: a power of two.
func groupFor(n, most int) int {
	group := 1
	for 2*group*n <= most {
		group *= 2
	}
	return group
}

func sumRows(s isa) {
	s.channelPass("sumRows", "sum, x", func(p panel) {
		group := groupFor(p.n, 8)
		sums := p.sums(group)
		p.each(group, []string{"x"}, func(k int, in []Mem) {
			for i, sum := range sums[k] {
				v := p.vec()
				p.load(in[0], i, v)
				VADDPS(v, sum, sum)
			}
		})
		p.add(sums, "sum")
	})
}

func sumSquares(s isa) {
	s.channelPass("sumSquares", "sum, x, mean", func(p panel) {
		group := groupFor(p.n, 8)
		sums, mean := p.sums(group), p.vectors("mean")
		p.each(group, []string{"x"}, func(k int, in []Mem) {
			for i, sum := range sums[k] {
				d := p.vec()
				p.load(in[0], i, d)
				VSUBPS(mean[i], d, d)
				VFMADD231PS(d, d, sum)
			}
		})
		p.add(sums, "sum")
	})
}

func sumProducts(s isa) {
	s.channelPass("sumProducts", "sum, dot, dy, x, mean", func(p panel) {
		group := groupFor(p.n, 4)
		sums, dots, mean := p.sums(group), p.sums(group), p.vectors("mean")
		p.each(group, []string{"x", "dy"}, func(k int, in []Mem) {
			for i := range p.n {
				d, g := p.vec(), p.vec()
				p.load(in[0], i, d)
				VSUBPS(mean[i], d, d)
				p.load(in[1], i, g)
				VADDPS(g, sums[k][i], sums[k][i])
				VFMADD231PS(g, d, dots[k][i])
			}
		})
		p.add(sums, "sum")
		p.add(dots, "dot")
	})
}

func affine(s isa) {
	s.channelPass("affine", "y, x, scale, shift", func(p panel) {
		scale, shift := p.vectors("scale"), p.vectors("shift")
		p.each(1, []string{"x", "y"}, func(_ int, in []Mem) {
			for i := range p.n {
				v := p.vec()
				p.load(in[0], i, v)
				VFMADD213PS(shift[i], scale[i], v)
				p.store(in[1], i, v)
			}
		})
	})
}

func affine2(s isa) {
	s.channelPass("affine2", "z, x, y, a, b, k", func(p panel) {
		a, b, c := p.vectors("a"), p.vectors("b"), p.vectors("k")
		p.each(1, []string{"x", "y", "z"}, func(_ int, in []Mem) {
			for i := range p.n {
				x, y := p.vec(), p.vec()
				p.load(in[1], i, y)
				VFMADD213PS(c[i], b[i], y)
				p.load(in[0], i, x)
				VFMADD231PS(x, a[i], y)
				p.store(in[2], i, y)
			}
		})
	})
}

// add computes dst[i] += src[i]. See addPortable for the Go equivalent.
func add(s isa) {
	s.begin("add", "(dst, src *float32, n int)", "addPortable", "dst[i] += src[i] for n elements, a multiple of 64,")
	dst, src, n := load("dst"), load("src"), load("n")
	Label("loop")
	SUBQ(Imm(64), n)
	JL(LabelRef("done"))
	for i := range 64 / s.lanes {
		v := s.vec()
		VMOVUPS(at(dst).Offset(i*s.bytes()), v)
		VADDPS(at(src).Offset(i*s.bytes()), v, v)
		VMOVUPS(v, at(dst).Offset(i*s.bytes()))
	}
	ADDQ(I32(256), dst)
	ADDQ(I32(256), src)
	JMP(LabelRef("loop"))
	Label("done")
	end()
}
