package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tileSites is the numbers of sites in a tile of product. With a panel's four
// (two) vectors six fill 24 (12) registers, enough to hide the latency of the
// multiply-adds with few loads for each; four are for what six do not divide.
var tileSites = []int{6, 4, 1}

// panelVecs is the number of vectors in a panel of a filter.
func panelVecs(s isa) int {
	if s.lanes == 16 {
		return 4
	}
	return 2
}

// product computes one panel of output channels, 1 to panelVecs(s) vectors:
//
//	for each tile of rows sites, the last one moved back to end with the last site:
//		acc[rows][vecs] = bias
//		for t in taps:
//			for i in cin:
//				for r in rows: acc[r] += x[index[r,t]+i] * w[t,i]
//		y[rows] = acc
//
// with w [taps][cin][vecs*lanes]. See productPortable for the Go equivalent.
func product(s isa) {
	s.begin("product", "(y, bias, x *float32, index *int32, w *float32, sites, rows, taps, cin, cout, channels int)",
		"productPortable", "one panel of output channels, its weights packed by Filter.Pack,")
	s.rows(load("channels"), panelVecs(s), func(r row) {
		for _, rows := range tileSites {
			other := fmt.Sprintf("not%d%v", rows, r)
			if rows > 1 {
				CMPQ(param("rows"), Imm(uint64(rows)))
				JNE(LabelRef(other))
			}
			productTiles(r, rows)
			end()
			if rows > 1 {
				Label(other)
			}
		}
	})
}

func productTiles(r row, sites int) {
	label := func(name string) string { return fmt.Sprintf("%s%dx%v", name, sites, r) }
	acc := r.tile(sites)
	left, y, index := load("sites"), load("y"), load("index")

	Label(label("tile"))
	productBias(r, acc, label("nobias"))
	w, taps, tap := load("w"), load("taps"), GP64()
	XORQ(tap, tap)

	Label(label("tap"))
	cin := load("cin")
	in := productInputs(sites, index, tap, taps, cin)
	NEGQ(cin)
	Label(label("channel"))
	productStep(r, acc, in, cin, w)
	ADDQ(I32(r.n*r.bytes()), w)
	INCQ(cin)
	JNZ(LabelRef(label("channel")))
	INCQ(tap)
	CMPQ(tap, taps)
	JNE(LabelRef(label("tap")))

	stride := load("cout")
	SHLQ(Imm(2), stride)
	acc.walk(y, stride, r.store)

	Comment("On to the next tile; the last one ends with the last site.")
	SUBQ(Imm(uint64(sites)), left)
	JE(LabelRef(label("done")))
	step := GP64()
	MOVQ(I32(sites), step)
	if sites > 1 {
		size := GP64()
		MOVQ(step, size)
		CMPQ(left, size)
		CMOVQLT(left, step)
		CMOVQLT(size, left)
	}
	IMULQ(step, stride)
	ADDQ(stride, y)
	IMULQ(taps, step)
	LEAQ(Mem{Base: index, Index: step, Scale: 4}, index)
	JMP(LabelRef(label("tile")))
	Label(label("done"))
}

// productBias sets every row of acc to the bias.
func productBias(r row, acc tile, nobias string) {
	bias := load("bias")
	r.zero(acc[0]...)
	TESTQ(bias, bias)
	JZ(LabelRef(nobias))
	acc[:1].walk(bias, nil, r.load)
	Label(nobias)
	for _, to := range acc[1:] {
		for i, v := range acc[0] {
			VMOVAPS(v, to[i])
		}
	}
}

// productInputs returns pointers to the ends of each site's inputs in a tap.
func productInputs(sites int, index, tap, taps, cin reg.Register) []reg.Register {
	x, cursor := load("x"), GP64()
	LEAQ(Mem{Base: x, Index: cin, Scale: 4}, x)
	LEAQ(Mem{Base: index, Index: tap, Scale: 4}, cursor)
	in := make([]reg.Register, sites)
	for s := range in {
		in[s] = GP64()
		MOVLQSX(at(cursor), in[s])
		LEAQ(Mem{Base: x, Index: in[s], Scale: 4}, in[s])
		if s < sites-1 {
			LEAQ(Mem{Base: cursor, Index: taps, Scale: 4}, cursor)
		}
	}
	return in
}

// productStep adds the product with one input channel to acc.
func productStep(r row, acc tile, in []reg.Register, i, w reg.Register) {
	weights := make([]Op, r.n)
	for v := range weights {
		weights[v] = at(w).Offset(v * r.bytes())
		if len(acc) > 1 { // worth a register
			reg := r.vec()
			VMOVUPS(weights[v], reg)
			weights[v] = reg
		}
	}
	for s := range acc {
		x := r.vec()
		VBROADCASTSS(Mem{Base: in[s], Index: i, Scale: 4}, x)
		for v := range weights {
			VFMADD231PS(weights[v], x, acc[s][v])
		}
	}
}
