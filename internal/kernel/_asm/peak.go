package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// peak issues independent multiply-adds on registers only:
//
//	for range rounds { twelve times: acc += a*b }
func peak(s isa) {
	TEXT("fma"+s.name, 0, "func(rounds int)")
	Doc("fma" + s.name + " does twelve vector multiply-adds a round.")
	rounds := load("rounds")
	a, acc := s.vec(), s.vecs(12)
	s.zero(a)
	s.zero(acc...)
	Label("loop")
	for _, v := range acc {
		VFMADD231PS(a, a, v)
	}
	DECQ(rounds)
	JNZ(LabelRef("loop"))
	end()
}
