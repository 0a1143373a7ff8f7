package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// adamW updates n parameters, the factors being those of kernel.AdamWStep in
// their order. See adamWPortable for the Go equivalent.
func adamW(s isa) {
	s.begin("adamW", "(params, m, v, grads, factors *float32, n int)", "adamWPortable", "the update of n parameters, a multiple of 16,")
	params, m, v, grads, left := load("params"), load("m"), load("v"), load("grads"), load("n")
	factors, f := load("factors"), s.vecs(7)
	for i := range f {
		VBROADCASTSS(at(factors).Offset(4*i), f[i])
	}
	keep1, new1, keep2, new2, size, unbias, epsilon := f[0], f[1], f[2], f[3], f[4], f[5], f[6]
	Label("loop")
	g, first, second, p := s.vec(), s.vec(), s.vec(), s.vec()
	VMOVUPS(at(grads), g)
	VMULPS(at(m), keep1, first)
	VFMADD231PS(g, new1, first)
	VMOVUPS(first, at(m))
	VMULPS(at(v), keep2, second)
	VMULPS(g, g, g)
	VFMADD231PS(g, new2, second)
	VMOVUPS(second, at(v))
	VSQRTPS(second, second)
	VFMADD213PS(epsilon, unbias, second)
	VMULPS(first, size, first)
	VDIVPS(second, first, first)
	VMOVUPS(at(params), p)
	VSUBPS(first, p, p)
	VMOVUPS(p, at(params))
	for _, pointer := range []Op{params, m, v, grads} {
		ADDQ(Imm(uint64(s.bytes())), pointer)
	}
	SUBQ(Imm(uint64(s.lanes)), left)
	JNZ(LabelRef("loop"))
	end()
}
