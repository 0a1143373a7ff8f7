package spec

import (
	"maps"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLayers(t *testing.T) {
	n := mustParse(t, `Input(4,4,2)
		Conv(3,3,4,1,1,1) Norm
		Cat{ CG(2,2,4,2,2,order=3) | AvgPool(2,2,2,2) Sum{ Norm | Conv(1,1,4,1,1) } }
		CG(2,2,8,1,1)
		Linear(5)`)
	want := []struct {
		path, text           string
		depth                int
		params, macs, degree int
	}{
		{"0", "Conv(3,3,4,1,1,1)", 0, 3*3*2*4 + 4, 16 * 3 * 3 * 2 * 4, 1},
		{"1", "Norm", 0, 8, 0, 1},
		{"2", "Cat", 0, 0, 0, 3},
		{"2.0.0", "CG(2,2,4,2,2,order=3)", 1, 35 * 4, 4 * 34 * 4, 3},
		{"2.1.0", "AvgPool(2,2,2,2)", 1, 0, 0, 1},
		{"2.1.1", "Sum", 1, 0, 0, 1},
		{"2.1.1.0.0", "Norm", 2, 8, 0, 1},
		{"2.1.1.1.0", "Conv(1,1,4,1,1)", 2, 4*4 + 4, 4 * 4 * 4, 1},
		{"3", "CG(2,2,8,1,1)", 0, 15 * 8, 1 * 14 * 8, 6},
		{"4", "Linear(5)", 0, 8*5 + 5, 8 * 5, 6},
	}
	layers := n.Layers()
	if len(layers) != len(want) {
		t.Fatalf("%d layers, want %d", len(layers), len(want))
	}
	params, macs := 0, 0
	for i, w := range want {
		l := layers[i]
		if l.Path != w.path || l.String() != w.text || l.Depth != w.depth {
			t.Errorf("layer %d is %s %v at depth %d, want %s %s at %d", i, l.Path, l, l.Depth, w.path, w.text, w.depth)
		}
		if l.NumParams != w.params || l.MACs != w.macs || l.Degree != w.degree {
			t.Errorf("%s %v: %d parameters, %d multiply-adds, degree %d, want %d, %d, %d",
				l.Path, l, l.NumParams, l.MACs, l.Degree, w.params, w.macs, w.degree)
		}
		params += w.params
		macs += w.macs
	}
	if n.NumParams() != params || n.MACs() != macs || n.Degree() != 6 {
		t.Errorf("net: %d parameters, %d multiply-adds, degree %d, want %d, %d, 6", n.NumParams(), n.MACs(), n.Degree(), params, macs)
	}
}

func TestDegree(t *testing.T) {
	const cg = " CG(1,1,1,1,1)"
	tests := []struct {
		ops  string
		want int
	}{
		{"Conv(1,1,3,1,1) Norm AvgPool", 1},
		{"CG(1,1,1,1,1,order=1)", 1},
		{"CG(1,1,1,1,1) Taylor(1,order=3)", 6},
		{strings.Repeat(cg, 4), 16},
		{"CG(1,1,1,1,1,order=3)" + cg, 6},
		{"Sum{" + cg + cg + " | CG(1,1,1,1,1,order=3) | }" + cg, 8},
		{strings.Repeat(cg, 30), 1 << 30},
		{strings.Repeat(cg, 40), int(min(int64(1)<<40, MaxDegree))},
		{strings.Repeat(cg, 53), MaxDegree},
		{strings.Repeat(cg, 200), MaxDegree},
		{strings.Repeat(" CG(1,1,1,1,1,order=3)", 63), MaxDegree}, // about 10^30
		{strings.Repeat(" Sum{ |"+cg+" Gain(2) }", 16), MaxDegree},
		{cg + " Gain(3)" + cg, 20},
		{"Sum{ Gain(3) | " + cg + " }", 5},
		{cg + " ReLU" + cg, 0},
		{"MaxPool(1,1,1,1)", 0},
		{"Sum{ ReLU | " + cg + " }", 0},
		{"Cat{ " + cg + "| ReLU }", 0},
	}
	for _, test := range tests {
		n := mustParse(t, "Input(1,1,1) "+test.ops)
		if got := n.Degree(); got != test.want {
			t.Errorf("%s: degree %d, want %d", test.ops, got, test.want)
		}
		if got := n.Polynomial(); got != (test.want > 0) {
			t.Errorf("%s: Polynomial is %v", test.ops, got)
		}
	}
}

// TestNoOverflow: the largest counts that the bounds admit.
func TestNoOverflow(t *testing.T) {
	n := mustParse(t, "Input(16384,16384,1) Conv(5793,5793,1,1,1,2896) Linear(7)")
	const want = (1<<28)*5793*5793 + 7*(1<<28)
	if got := n.MACs(); got != want {
		t.Errorf("%d multiply-adds, want %d", got, want)
	}
	if _, ok := product(math.MaxInt32, 1<<16, 1<<16, 1<<16, 1<<16, 1<<16); ok {
		t.Error("2^80 is taken to be below 2^31")
	}
	if n, ok := product(1<<20, 1<<10, 1<<10); n != 1<<20 || !ok {
		t.Errorf("2^10 * 2^10 = %d, %v", n, ok)
	}
}

// TestCostsAddUp: a network's parameters are those of its list.
func TestCostsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNet(t)
		trained, offset := 0, 0
		statistics := false
		names := map[string]bool{}
		for _, p := range n.Params() {
			if p.Offset != offset {
				t.Fatalf("%v\n%s is at %d, want %d", n, p.Name, p.Offset, offset)
			}
			if statistics = statistics || p.Role.Statistic(); statistics != p.Role.Statistic() {
				t.Fatalf("%v\n%s stands behind a statistic", n, p.Name)
			}
			if !statistics {
				trained += p.Size()
			}
			if names[p.Name] {
				t.Fatalf("%v\n%s stands twice", n, p.Name)
			}
			names[p.Name] = true
			offset += p.Size()
		}
		if n.NumParams() != trained {
			t.Fatalf("%v\n%d parameters, the list has %d", n, n.NumParams(), trained)
		}
	})
}

func TestNameAndValues(t *testing.T) {
	net, err := Parse("Input(4,4,1) Conv(3,3,2,1,1,1) CG(2,2,2,2,2) Norm MaxPool(1,2,1,1) AvgPool Linear(10)")
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name   string
		values map[string]int
	}{
		{"Conv", map[string]int{"l1": 3, "l2": 3, "c": 2, "s1": 1, "s2": 1, "p": 1}},
		{"CG", map[string]int{"l1": 2, "l2": 2, "c": 2, "s1": 2, "s2": 2, "d": 1, "order": 2, "tie": 0}},
		{"Norm", nil},
		{"MaxPool", map[string]int{"l1": 1, "l2": 2, "s1": 1, "s2": 1, "d": 1}},
		{"AvgPool", nil}, // global
		{"Linear", map[string]int{"n": 10}},
	}
	for i, l := range net.Layers() {
		if l.Name() != want[i].name || !maps.Equal(l.values(), want[i].values) {
			t.Errorf("%s: %s %v, want %s %v", l, l.Name(), l.values(), want[i].name, want[i].values)
		}
	}
}
