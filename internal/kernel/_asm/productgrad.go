package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// productGrad adds up the gradient of several rows of weights in one panel of
// output channels, 1 to panelVecs(s) vectors:
//
//	for each tile of rows:
//		acc[tile][vecs] = dw[tile]
//		for s in sites:
//			for r in tile: acc[r] += input(s, r) * dy[s]
//		dw[tile] = acc
//
// In productGrad the rows are the input channels of one tap, and input(s, r) is
// x[index[s]+r]; in productGradTaps they are one channel of each tap, and
// input(s, r) is x[index[s,r]]. The latter is for the few channels that do not
// fill a tile. See productGradPortable for the Go equivalent.
func productGrad(s isa) {
	tiles := []int{6, 4}
	if s.lanes == 16 {
		tiles = []int{4}
	}
	gradFunc(s, "productGrad", "the gradient for input channels of one tap and one panel of output channels", tiles, false)
}

func productGradTaps(s isa) {
	gradFunc(s, "productGradTaps", "the gradient for one input channel in all taps and one panel of output channels", []int{4, 1}, true)
}

// gradFunc emits productGrad, or productGradTaps if byTap is set, with tiles of
// the given numbers of rows, used in this order as long as enough are left.
func gradFunc(s isa, name, scope string, tiles []int, byTap bool) {
	s.begin(name, "(dw, x *float32, index *int32, dy *float32, sites, taps, rows, rowStride, cout, channels int)",
		"productGradPortable", scope)
	s.rows(load("channels"), panelVecs(s), func(r row) {
		k := gradKernel{r, byTap, load("dw"), load("x"), load("index"), load("rows"), load("rowStride")}
		SHLQ(Imm(2), k.stride)
		for _, rows := range tiles {
			k.tiles(rows)
		}
		end()
	})
}

type gradKernel struct {
	row
	byTap              bool
	dw, x, index, left reg.Register
	stride             reg.Register // between rows of dw, bytes
}

// tiles works on tiles of the given number of rows while enough rows are left.
func (k gradKernel) tiles(rows int) {
	label := func(name string) string { return fmt.Sprintf("%s%dx%v", name, rows, k.row) }
	Label(label("tile"))
	CMPQ(k.left, Imm(uint64(rows)))
	JL(LabelRef(label("done")))
	acc := k.tile(rows)
	acc.walk(k.dw, k.stride, k.load)
	k.prefetch(rows)

	index, dy, sites := GP64(), load("dy"), load("sites")
	taps, cout := load("taps"), load("cout")
	MOVQ(k.index, index)
	Label(label("site"))
	k.site(acc, index, dy)
	LEAQ(Mem{Base: index, Index: taps, Scale: 4}, index)
	LEAQ(Mem{Base: dy, Index: cout, Scale: 4}, dy)
	DECQ(sites)
	JNZ(LabelRef(label("site")))

	acc.walk(k.dw, k.stride, k.store)
	moving := k.x
	if k.byTap {
		moving = k.index
	}
	ADDQ(Imm(uint64(4*rows)), moving)
	step := GP64()
	IMUL3Q(Imm(uint64(rows)), k.stride, step)
	ADDQ(step, k.dw)
	SUBQ(Imm(uint64(rows)), k.left)
	JMP(LabelRef(label("tile")))
	Label(label("done"))
}

// prefetch fetches the tile of dw after one of so many rows: the sites take about as
// long as a far cache or memory.
func (k gradKernel) prefetch(rows int) {
	p := GP64()
	IMUL3Q(Imm(uint64(rows)), k.stride, p)
	ADDQ(k.dw, p)
	for r := range rows {
		for b := 0; b < k.n*k.bytes(); b += 64 {
			PREFETCHT0(at(p).Offset(b))
		}
		if r < rows-1 {
			ADDQ(k.stride, p)
		}
	}
}

// site adds the products of one site to acc.
func (k gradKernel) site(acc tile, index, dy reg.Register) {
	g := k.vecs(k.n)
	for i := range g {
		k.load(at(dy), i, g[i])
	}
	pixel, disp := GP64(), 0
	for r := range acc {
		switch {
		case k.byTap:
			MOVLQSX(at(index).Offset(4*r), pixel)
		case r == 0:
			MOVLQSX(at(index), pixel)
		default:
			disp = 4 * r
		}
		x := k.vec()
		VBROADCASTSS(Mem{Base: k.x, Index: pixel, Scale: 4, Disp: disp}, x)
		for i := range g {
			VFMADD231PS(g[i], x, acc[r][i])
		}
	}
}
