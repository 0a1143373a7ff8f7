package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A piece is some vectors of a row; in[k] is its place in map k.
type piece struct {
	row
	in []Mem
}

// rowPass emits a function of rows of channels and of numbers, one a row: it runs
// begin for a row, each for its pieces, of several vectors while there are enough,
// then of one, then of what is left, and finish. The arguments named in maps are
// [rows][channels], those in numbers [rows].
func (s isa) rowPass(name string, maps, numbers []string, begin func(numbers []Mem), each func(p piece), finish func(numbers []Mem)) {
	const group = 4
	signature := "("
	for _, m := range append(maps[:len(maps):len(maps)], numbers...) {
		signature += m + ", "
	}
	s.begin(name, signature[:len(signature)-2]+" *float32, rows, channels int)", name+"Portable", "the whole of "+name)
	pointers := func(names []string) (regs []reg.Register, at0 []Mem) {
		for _, n := range names {
			r := load(n)
			regs, at0 = append(regs, r), append(at0, at(r))
		}
		return regs, at0
	}
	mapRegs, in := pointers(maps)
	numberRegs, scalars := pointers(numbers)
	rows, full, tail := load("rows"), load("channels"), load("channels")
	ANDQ(Imm(uint64(s.lanes-1)), tail)
	SUBQ(tail, full)
	lanes := GP64()
	MOVQ(tail, lanes)
	mask := s.mask(lanes)
	advance := func(regs []reg.Register, by Op) {
		for _, r := range regs {
			ADDQ(by, r)
		}
	}
	SHLQ(Imm(2), tail)

	Label("row")
	begin(scalars)
	left := GP64()
	MOVQ(full, left)
	for _, n := range []int{group, 1} {
		loop, done := "loop1", "done1"
		if n > 1 {
			loop, done = "loop", "done"
		}
		Label(loop)
		CMPQ(left, Imm(uint64(n*s.lanes)))
		JL(LabelRef(done))
		each(piece{row{isa: s, n: n}, in})
		advance(mapRegs, I32(n*s.bytes()))
		SUBQ(Imm(uint64(n*s.lanes)), left)
		JMP(LabelRef(loop))
		Label(done)
	}
	TESTQ(tail, tail)
	JZ(LabelRef("finish"))
	each(piece{row{isa: s, n: 1, mask: mask}, in})
	advance(mapRegs, tail)
	Label("finish")
	finish(scalars)
	advance(numberRegs, Imm(4))
	DECQ(rows)
	JNZ(LabelRef("row"))
	end()
}

// dotRows computes dot[r] = sum_c x[r,c]*y[r,c]. See dotRowsPortable for the Go
// equivalent.
func dotRows(s isa) {
	sums := s.vecs(4)
	s.rowPass("dotRows", []string{"x", "y"}, []string{"dot"},
		func([]Mem) { s.zero(sums...) },
		func(p piece) {
			for i := range p.n {
				x, y := s.vec(), s.vec()
				p.load(p.in[0], i, x)
				p.load(p.in[1], i, y)
				VFMADD231PS(x, y, sums[i])
			}
		},
		func(numbers []Mem) {
			VADDPS(sums[1], sums[0], sums[0])
			VADDPS(sums[3], sums[2], sums[2])
			VADDPS(sums[2], sums[0], sums[0])
			VMOVSS(s.total(sums[0]), numbers[0])
		})
}

// total adds a vector's elements up.
func (s isa) total(v reg.VecVirtual) reg.VecVirtual {
	if s.lanes == 16 {
		half := YMM()
		VEXTRACTF64X4(Imm(1), v, half)
		VADDPS(v.AsY(), half, half)
		v = half
	}
	half := XMM()
	VEXTRACTF128(Imm(1), v.AsY(), half)
	VADDPS(v.AsX(), half, half)
	other := XMM()
	VMOVHLPS(half, half, other)
	VADDPS(half, other, other)
	last := XMM()
	VMOVSHDUP(other, last)
	VADDSS(other, last, last)
	return last
}

// scaleRows computes y[r,c] = a[r]*x[r,c]. See scaleRowsPortable for the Go
// equivalent.
func scaleRows(s isa) {
	a := s.vec()
	s.rowPass("scaleRows", []string{"y", "x"}, []string{"a"},
		func(numbers []Mem) { VBROADCASTSS(numbers[0], a) },
		func(p piece) {
			for i := range p.n {
				v := s.vec()
				p.load(p.in[1], i, v)
				VMULPS(a, v, v)
				p.store(p.in[0], i, v)
			}
		},
		func([]Mem) {})
}

// mixRows computes z[r,c] = a[r]*x[r,c] + b[r]*y[r,c]. See mixRowsPortable for the
// Go equivalent.
func mixRows(s isa) {
	a, b := s.vec(), s.vec()
	s.rowPass("mixRows", []string{"z", "x", "y"}, []string{"a", "b"},
		func(numbers []Mem) {
			VBROADCASTSS(numbers[0], a)
			VBROADCASTSS(numbers[1], b)
		},
		func(p piece) {
			for i := range p.n {
				x, y := s.vec(), s.vec()
				p.load(p.in[2], i, y)
				VMULPS(b, y, y)
				p.load(p.in[1], i, x)
				VFMADD231PS(a, x, y)
				p.store(p.in[0], i, y)
			}
		},
		func([]Mem) {})
}
