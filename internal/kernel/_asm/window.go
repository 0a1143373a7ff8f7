package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// maxIndex returns the highest of n unsigned integers, n a positive multiple
// of 32. It is so short of work that one instruction set will do.
func maxIndex(s isa) {
	if s.lanes == 16 {
		return
	}
	s.begin("maxIndex", "(index *int32, n int) uint32", "maxIndexPortable", "the highest of n indices, a positive multiple of 32, taken as unsigned,")
	index, n := load("index"), load("n")
	top := s.vecs(4)
	for _, v := range top {
		VPXOR(v, v, v)
	}
	Label("loop")
	for i, v := range top {
		VPMAXUD(at(index).Offset(i*s.bytes()), v, v)
	}
	ADDQ(I32(4*s.bytes()), index)
	SUBQ(Imm(32), n)
	JNZ(LabelRef("loop"))
	for _, v := range top[1:] {
		VPMAXUD(v, top[0], top[0])
	}
	half, out := XMM(), GP32()
	VEXTRACTI128(Imm(1), top[0], half)
	low := top[0].AsX()
	VPMAXUD(low, half, half)
	for _, order := range []uint64{0b1110, 0b0001} {
		VPSHUFD(Imm(order), half, low)
		VPMAXUD(low, half, half)
	}
	VMOVD(half, out)
	VZEROUPPER()
	Store(out, ReturnIndex(0))
	RET()
}
