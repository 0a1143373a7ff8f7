package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An isa is an instruction set and the width of its vectors. The instructions
// themselves have the same names in both; masks are what differs.
type isa struct {
	name  string // suffix of the functions
	lanes int    // float32 in a vector
	vec   func() reg.VecVirtual
}

var (
	avx2   = isa{"AVX2", 8, YMM}
	avx512 = isa{"AVX512", 16, ZMM}
)

func (s isa) bytes() int { return 4 * s.lanes }

func (s isa) vecs(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = s.vec()
	}
	return v
}

func (s isa) zero(v ...reg.VecVirtual) {
	for _, v := range v {
		VXORPS(v, v, v)
	}
}

// A row is a row of n vectors, of which the last may be partly used.
type row struct {
	isa
	n    int
	mask reg.Register // nil: the last vector is full
}

func (r row) String() string {
	if r.mask == nil {
		return fmt.Sprintf("%dfull", r.n)
	}
	return fmt.Sprintf("%d", r.n)
}

// rows emits body, which ends the function, for every length of a row that
// holds channels, 1 to max*s.lanes, and the choice among them.
func (s isa) rows(channels reg.Register, max int, body func(row)) {
	lanes := GP64()
	MOVQ(channels, lanes)
	SUBQ(Imm(uint64((max-1)*s.lanes)), lanes)
	for n := max; n >= 1; n-- {
		next := fmt.Sprintf("vecs%d", n-1)
		if n > 1 {
			JLE(LabelRef(next))
		}
		s.lastVec(lanes, n, next, body)
		if n > 1 {
			Label(next)
			ADDQ(Imm(uint64(s.lanes)), lanes)
		}
	}
}

// lastVec emits body, which ends the function, for a row of n vectors, the
// last one of the given number of lanes, 1 to s.lanes. A full vector has a
// body of its own in AVX2, where masked stores are slow.
func (s isa) lastVec(lanes reg.Register, n int, label string, body func(row)) {
	if s.lanes == 8 {
		CMPQ(lanes, Imm(8))
		JNE(LabelRef(label + "masked"))
		body(row{isa: s, n: n})
		Label(label + "masked")
	}
	body(row{isa: s, n: n, mask: s.mask(lanes)})
}

// mask returns the mask of the first lanes elements, 1 to s.lanes: a mask
// register in AVX-512, a vector register in AVX2.
func (s isa) mask(lanes reg.Register) reg.Register {
	if s.lanes == 16 {
		bits, mask := GP32(), K()
		MOVL(I32(-1), bits)
		BZHIL(lanes.(reg.GP).As32(), bits, bits)
		KMOVW(bits, mask)
		return mask
	}
	at, mask := GP64(), s.vec()
	LEAQ(tails().Offset(32), at)
	NEGQ(lanes)
	VMOVUPS(Mem{Base: at, Index: lanes, Scale: 4}, mask)
	return mask
}

var tailsTable *Mem

// tails is a table of eight set words followed by eight clear ones.
func tails() Mem {
	if tailsTable == nil {
		m := GLOBL("tails", attr.RODATA|attr.NOPTR)
		for i := range 16 {
			DATA(4*i, U32(uint32(0xffffffff)*uint32(1-i/8)))
		}
		tailsTable = &m
	}
	return *tailsTable
}

// load reads vector i of the row at m.
func (r row) load(m Mem, i int, v reg.VecVirtual) {
	m = m.Offset(i * r.bytes())
	switch {
	case r.mask == nil || i < r.n-1:
		VMOVUPS(m, v)
	case r.lanes == 16:
		VMOVUPS_Z(m, r.mask, v)
	default:
		VMASKMOVPS(m, r.mask, v)
	}
}

// store writes vector i of the row at m.
func (r row) store(m Mem, i int, v reg.VecVirtual) {
	m = m.Offset(i * r.bytes())
	switch {
	case r.mask == nil || i < r.n-1:
		VMOVUPS(v, m)
	case r.lanes == 16:
		VMOVUPS(v, r.mask, m)
	default:
		VMASKMOVPS(v, r.mask, m)
	}
}

// A tile is an accumulator for each vector of several rows.
type tile [][]reg.VecVirtual

func (r row) tile(rows int) tile {
	t := make(tile, rows)
	for i := range t {
		t[i] = r.vecs(r.n)
	}
	return t
}

// walk applies move, a load or store, to each vector of t and its place in
// rows that stand stride bytes apart.
func (t tile) walk(first, stride reg.Register, move func(m Mem, i int, v reg.VecVirtual)) {
	p := GP64()
	MOVQ(first, p)
	for r := range t {
		for i, v := range t[r] {
			move(at(p), i, v)
		}
		if r < len(t)-1 {
			ADDQ(stride, p)
		}
	}
}

// free is the number of vector registers that the row's mask leaves.
func (r row) free() int {
	switch {
	case r.lanes == 16:
		return 32
	case r.mask != nil:
		return 15
	}
	return 16
}

// begin opens a function whose reference is the named portable one, in as far
// as the scope says.
func (s isa) begin(name, signature, portable, scope string) {
	s.function(attr.NOSPLIT, name, signature, portable, scope)
}

// function is begin for a function of any attributes: without NOSPLIT if it
// has much on the stack.
func (s isa) function(a attr.Attribute, name, signature, portable, scope string) {
	TEXT(name+s.name, a, "func"+signature)
	Pragma("noescape")
	Doc(fmt.Sprintf("%s%s computes %s with %s.", name, s.name, scope, s.name),
		fmt.Sprintf("See %s for the reference.", portable))
}

func end() {
	VZEROUPPER()
	RET()
}

func load(name string) reg.Register { return Load(Param(name), GP64()) }

// param is the memory operand of an argument.
func param(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

func at(base reg.Register) Mem { return Mem{Base: base} }
