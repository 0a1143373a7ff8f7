package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gradRows is the numbers of input channels in a tile of productGrad, used in
// this order as long as enough channels are left.
func gradRows(s isa) []int {
	if s.lanes == 16 {
		return []int{4, 1}
	}
	return []int{6, 4, 1}
}

// productGrad adds up one tap's gradient for one panel of output channels, 1
// to panelVecs(s) vectors:
//
//	for each tile of rows input channels:
//		acc[rows][vecs] = dw[rows]
//		for s in sites:
//			for r in rows: acc[r] += x[index[s]+r] * dy[s]
//		dw[rows] = acc
//
// See productGradPortable for the Go equivalent.
func productGrad(s isa) {
	s.begin("productGrad", "(dw, x *float32, index *int32, dy *float32, sites, taps, cin, cout, channels int)",
		"productGradPortable, for one tap and one panel of channels")
	s.rows(load("channels"), panelVecs(s), func(r row) {
		dw, x, cin, stride := load("dw"), load("x"), load("cin"), load("cout")
		SHLQ(Imm(2), stride)
		for _, rows := range gradRows(s) {
			productGradTiles(r, rows, dw, x, cin, stride)
		}
		end()
	})
}

// productGradTiles works on as many tiles as cin has room for and moves dw, x
// and cin past them. The rows of dw and dy stand stride bytes apart.
func productGradTiles(r row, rows int, dw, x, cin, stride reg.Register) {
	label := func(name string) string { return fmt.Sprintf("%s%dx%v", name, rows, r) }
	taps := load("taps")
	Label(label("tile"))
	CMPQ(cin, Imm(uint64(rows)))
	JL(LabelRef(label("done")))
	acc := r.tile(rows)
	acc.walk(dw, stride, r.load)

	index, dy, left := load("index"), load("dy"), load("sites")
	Label(label("site"))
	in := GP64()
	MOVLQSX(at(index), in)
	g := r.vecs(r.n)
	for i := range g {
		r.load(at(dy), i, g[i])
	}
	for k := range acc {
		b := r.vec()
		VBROADCASTSS(Mem{Base: x, Index: in, Scale: 4, Disp: 4 * k}, b)
		for i := range g {
			VFMADD231PS(g[i], b, acc[k][i])
		}
	}
	LEAQ(Mem{Base: index, Index: taps, Scale: 4}, index)
	ADDQ(stride, dy)
	DECQ(left)
	JNZ(LabelRef(label("site")))

	acc.walk(dw, stride, r.store)
	ADDQ(Imm(uint64(4*rows)), x)
	IMUL3Q(Imm(uint64(rows)), stride, left)
	ADDQ(left, dw)
	SUBQ(Imm(uint64(rows)), cin)
	JMP(LabelRef(label("tile")))
	Label(label("done"))
}
