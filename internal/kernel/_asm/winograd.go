package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A matrix is one of Winograd's transforms, out x in; see kernel/winograd.go.
type matrix [][]float64

var (
	winogradB  = matrix{{4, 0, -5, 0, 1, 0}, {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0}, {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}}
	winogradG  = matrix{{1. / 4, 0, 0}, {-1. / 6, -1. / 6, -1. / 6}, {-1. / 6, 1. / 6, -1. / 6}, {1. / 24, 1. / 12, 1. / 6}, {1. / 24, -1. / 12, 1. / 6}, {0, 0, 1}}
	winogradA  = matrix{{1, 0, 0, 0}, {1, 1, 1, 1}, {1, -1, 1, -1}, {1, 2, 4, 8}, {1, -2, 4, -8}, {0, 0, 0, 1}}
	transforms = []transform{
		{name: "winogradInput", m: winogradB, indexed: from},
		{name: "winogradOutput", m: winogradA.transpose(), indexed: to},
		{name: "winogradOutputGrad", m: winogradA, indexed: from},
		{name: "winogradFilter", m: winogradG},
		{name: "winogradFilterGrad", m: winogradG.transpose(), add: true},
	}
)

func (m matrix) transpose() matrix {
	t := make(matrix, len(m[0]))
	for j := range t {
		for i := range m {
			t[j] = append(t[j], m[i][j])
		}
	}
	return t
}

// side is a side of a transform.
type side int

const (
	neither side = iota
	from
	to
)

// A transform is a function that computes, in one vector of channels,
//
//	for t in tiles: dst[t] = m src[t] m^T
//
// where the elements of a tile stand plane elements apart, and tiles stand tile
// elements apart; or, on the indexed side, at index[t]. There, what would go to
// index 0 is not stored. If add is set the result is added to dst; a bias is
// added to what goes to an index. See winogradPortable for the Go equivalent.
type transform struct {
	name    string
	m       matrix
	indexed side
	add     bool
}

func winograd(s isa) {
	for _, t := range transforms {
		s.function(0, t.name, "(dst, src *float32, index *int32, bias *float32, tiles, dstPlane, dstTile, srcPlane, srcTile, lanes int)",
			"winogradPortable", "a transform for one vector of channels")
		local := AllocLocal(len(t.m)*len(t.m[0])*s.bytes() + 64)
		temp := GP64()
		LEAQ(local, temp)
		ADDQ(Imm(63), temp)
		ANDQ(I32(-64), temp)
		s.lastVec(load("lanes"), 1, "vec", func(r row) {
			winogradKernel{row: r, transform: t, temp: temp, kept: map[float64]Op{}}.tiles()
		})
	}
}

type winogradKernel struct {
	row
	transform
	temp            reg.Register   // between the two dimensions
	kept            map[float64]Op // factors in registers, as many as there are room for
	dst, src, index reg.Register
}

func (k winogradKernel) tiles() {
	k.dst, k.src = load("dst"), load("src")
	if k.indexed != neither {
		k.index = load("index")
	}
	q, p := len(k.m), len(k.m[0])
	if k.lanes == 16 {
		k.keep()
	}
	left := load("tiles")
	loop := "tile" + k.String()
	Label(loop)
	source := GP64()
	MOVQ(k.src, source)
	for i := range p {
		for l, v := range k.apply(k.loadRow(i, source)) {
			VMOVAPS(v, at(k.temp).Offset((i*q+l)*k.bytes()))
		}
	}
	for l := range q {
		column := k.vecs(p)
		for i, v := range column {
			VMOVAPS(at(k.temp).Offset((i*q+l)*k.bytes()), v)
		}
		k.storeColumn(l, k.apply(column))
	}
	k.next(k.dst, "dstTile", to, q)
	k.next(k.src, "srcTile", from, p)
	DECQ(left)
	JNZ(LabelRef(loop))
	end()
}

// keep loads the factors of m into registers.
func (k winogradKernel) keep() {
	for _, row := range k.m {
		for _, f := range row {
			if _, ok := k.kept[f]; ok || f == 0 || f == 1 || f == -1 {
				continue
			}
			v := k.vec()
			VMOVUPS(constant(f), v)
			k.kept[f] = v
		}
	}
}

// factor is a full vector of f.
func (k winogradKernel) factor(f float64) Op {
	if v, ok := k.kept[f]; ok {
		return v
	}
	return constant(f)
}

// next moves on to the next tile on one side.
func (k winogradKernel) next(p reg.Register, stride string, s side, size int) {
	if k.indexed == s {
		ADDQ(Imm(uint64(4*size*size)), k.index)
		return
	}
	step := load(stride)
	LEAQ(Mem{Base: p, Index: step, Scale: 4}, p)
}

// indexAt returns the place in base that the index has for a tap.
func (k winogradKernel) indexAt(base reg.Register, tap int) (m Mem, index reg.Register) {
	index = GP64()
	MOVLQSX(at(k.index).Offset(4*tap), index)
	return Mem{Base: base, Index: index, Scale: 4}, index
}

// loadRow returns row i of a tile; source is moved along.
func (k winogradKernel) loadRow(i int, source reg.Register) []reg.VecVirtual {
	v := k.vecs(len(k.m[0]))
	if k.indexed == from {
		for j := range v {
			m, _ := k.indexAt(k.src, i*len(v)+j)
			k.load(m, 0, v[j])
		}
		return v
	}
	stride := load("srcPlane")
	for j := range v {
		k.load(at(source), 0, v[j])
		LEAQ(Mem{Base: source, Index: stride, Scale: 4}, source)
	}
	return v
}

// storeColumn stores column l of a tile's result.
func (k winogradKernel) storeColumn(l int, v []reg.VecVirtual) {
	if k.indexed == to {
		k.storeIndexed(l, v)
		return
	}
	p, stride, row := GP64(), load("dstPlane"), GP64()
	SHLQ(Imm(2), stride)
	IMUL3Q(Imm(uint64(len(v))), stride, row)
	IMUL3Q(Imm(uint64(l)), stride, p)
	ADDQ(k.dst, p)
	for i := range v {
		if k.add {
			old := k.vec()
			k.load(at(p), 0, old)
			VADDPS(old, v[i], v[i])
		}
		k.store(at(p), 0, v[i])
		ADDQ(row, p)
	}
}

func (k winogradKernel) storeIndexed(l int, v []reg.VecVirtual) {
	bias, none := load("bias"), fmt.Sprintf("nobias%d%v", l, k.row)
	b := k.vec()
	k.zero(b)
	TESTQ(bias, bias)
	JZ(LabelRef(none))
	k.load(at(bias), 0, b)
	Label(none)
	for i := range v {
		skip := fmt.Sprintf("skip%d%d%v", i, l, k.row)
		m, index := k.indexAt(k.dst, i*len(v)+l)
		VADDPS(b, v[i], v[i])
		TESTQ(index, index)
		JZ(LabelRef(skip))
		k.store(m, 0, v[i])
		Label(skip)
	}
}

// apply returns m times in. Rows that differ only in the signs of their odd
// elements share their sums; or columns do, of the transposed matrix.
func (k winogradKernel) apply(in []reg.VecVirtual) []reg.VecVirtual {
	if mirrored := mirrors(k.m); len(mirrored) > 0 {
		return k.applyRows(in, mirrored)
	}
	return k.applyColumns(in, mirrors(k.m.transpose()))
}

// mirrors returns, by the row, the later row with the other sign in odd places.
func mirrors(m matrix) map[int]int {
	pairs := map[int]int{}
	for r := range m {
		for s := r + 1; s < len(m); s++ {
			same, differ := true, false
			for j := range m[r] {
				sign := float64(1 - j%2*2)
				same = same && m[s][j] == sign*m[r][j]
				differ = differ || m[s][j] != m[r][j]
			}
			if same && differ {
				pairs[r] = s
			}
		}
	}
	return pairs
}

func (k winogradKernel) applyRows(in []reg.VecVirtual, mirrored map[int]int) []reg.VecVirtual {
	out := make([]reg.VecVirtual, len(k.m))
	for r, row := range k.m {
		other, ok := mirrored[r]
		switch {
		case out[r] != nil:
		case ok:
			var even, odd sum
			for j, c := range row {
				if j%2 == 0 {
					even = even.add(c, in[j])
				} else {
					odd = odd.add(c, in[j])
				}
			}
			e, o := k.total(even), k.total(odd)
			out[r], out[other] = k.vec(), k.vec()
			VADDPS(o, e, out[r])
			VSUBPS(o, e, out[other])
		default:
			var all sum
			for j, c := range row {
				all = all.add(c, in[j])
			}
			out[r] = k.total(all)
		}
	}
	return out
}

func (k winogradKernel) applyColumns(in []reg.VecVirtual, mirrored map[int]int) []reg.VecVirtual {
	sums := make([]sum, len(k.m))
	done := map[int]bool{}
	for j := range in {
		other, ok := mirrored[j]
		switch {
		case done[j]:
		case ok:
			done[other] = true
			even, odd := k.vec(), k.vec()
			VADDPS(in[other], in[j], even)
			VSUBPS(in[other], in[j], odd)
			for i := range sums {
				sums[i] = sums[i].add(k.m[i][j], []reg.VecVirtual{even, odd}[i%2])
			}
		default:
			for i := range sums {
				sums[i] = sums[i].add(k.m[i][j], in[j])
			}
		}
	}
	out := make([]reg.VecVirtual, len(sums))
	for i := range out {
		out[i] = k.total(sums[i])
	}
	return out
}

// A sum is a linear combination of vectors, one with factor 1 first if there is
// one.
type sum []summand

type summand struct {
	factor float64
	v      reg.VecVirtual
}

func (s sum) add(factor float64, v reg.VecVirtual) sum {
	switch {
	case factor == 0:
		return s
	case factor == 1:
		return append(sum{{factor, v}}, s...)
	}
	return append(s, summand{factor, v})
}

func (k winogradKernel) total(s sum) reg.VecVirtual {
	acc := k.vec()
	if s[0].factor == 1 {
		VMOVAPS(s[0].v, acc)
	} else {
		VMULPS(k.factor(s[0].factor), s[0].v, acc)
	}
	for _, t := range s[1:] {
		switch t.factor {
		case 1:
			VADDPS(t.v, acc, acc)
		case -1:
			VSUBPS(t.v, acc, acc)
		default:
			VFMADD231PS(k.factor(t.factor), t.v, acc)
		}
	}
	return acc
}

var constants = map[float64]Mem{}

// constant is a full vector of a value in memory.
func constant(v float64) Mem {
	m, ok := constants[v]
	if !ok {
		bits := math.Float32bits(float32(v))
		m = GLOBL(fmt.Sprintf("float%08x", bits), attr.RODATA|attr.NOPTR)
		for i := range 16 {
			DATA(4*i, U32(bits))
		}
		constants[v] = m
	}
	return m
}
