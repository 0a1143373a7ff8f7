package spec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParams(t *testing.T) {
	n := mustParse(t, "Input(4,4,2) Conv(3,1,6,1,1,1) Norm Sum{ CG(2,2,6,2,2) Norm | AvgPool(2,2,2,2) } Linear(10)")
	// The convolution makes 4x6 of the lattice, the CG 2x3.
	want := []Param{
		{"0.conv.weight", []int{3, 1, 2, 6}, Weight, 6, 0},
		{"0.conv.bias", []int{6}, Bias, 6, 36},
		{"1.norm.scale", []int{6}, Scale, 1, 42},
		{"1.norm.shift", []int{6}, Shift, 1, 48},
		{"2.0.0.cg.coefficients", []int{15, 6}, Coefs, 4, 54},
		{"2.0.1.norm.scale", []int{6}, Scale, 1, 144},
		{"2.0.1.norm.shift", []int{6}, Shift, 1, 150},
		{"3.linear.weight", []int{36, 10}, Weight, 36, 156},
		{"3.linear.bias", []int{10}, Bias, 36, 516},
		{"1.norm.mean", []int{6}, Mean, 1, 526},
		{"1.norm.variance", []int{6}, Var, 1, 532},
		{"2.0.1.norm.mean", []int{6}, Mean, 1, 538},
		{"2.0.1.norm.variance", []int{6}, Var, 1, 544},
	}
	got := n.Params()
	for i := range min(len(got), len(want)) {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("parameter %d:\ngot  %+v\nwant %+v", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d parameters, want %d", len(got), len(want))
	}
	if n.NumParams() != 526 {
		t.Errorf("%d trained, want 526", n.NumParams())
	}
}

// TestTiedParams: what CGs share is listed once, where it is first used.
func TestTiedParams(t *testing.T) {
	n := mustParse(t, "Input(8,8,1) Conv(1,1,3,1,1) CG(2,2,3,2,2,tie=7) CG(1,4,3,1,4,tie=7) CG(2,1,3,2,1) Linear(2)")
	var names []string
	for _, p := range n.Params() {
		names = append(names, p.Name)
	}
	want := []string{"0.conv.weight", "0.conv.bias", "tie7.cg.coefficients", "3.cg.coefficients", "4.linear.weight", "4.linear.bias"}
	if !slices.Equal(names, want) || n.NumParams() != 3+3+15*3+6*3+6*2+2 {
		t.Errorf("%d parameters %q, want %q", n.NumParams(), names, want)
	}
	layers := n.Layers()
	if layers[1].NumParams != 45 || layers[2].NumParams != 0 || layers[2].MACs == 0 {
		t.Errorf("layers %+v", layers)
	}
	_, err := Parse("Input(8,8,2) CG(2,2,2,2,2,tie=1)\nCG(2,1,2,2,2,tie=1) Linear(2)")
	if err == nil || !strings.Contains(err.Error(), "line 2, column 1: CG(2,1,2,2,2,tie=1) has 6 coefficients for 2 channels, the first with that tie 15 for 2") {
		t.Errorf("another window: %v", err)
	}
}

// TestTaylorParams: the counts per class that the paper's 7x7 images have.
func TestTaylorParams(t *testing.T) {
	for order, want := range map[int]int{1: 50, 2: 1275, 3: 22100} {
		n := mustParse(t, fmt.Sprintf("Input(7,7,1) Taylor(10,order=%d)", order))
		if n.NumParams() != 10*want || n.MACs() != 10*(want-1) {
			t.Errorf("order %d: %d parameters, %d multiply-adds, want 10 * %d", order, n.NumParams(), n.MACs(), want)
		}
		list := n.Params()
		if p := list[0]; len(list) != 1 || p.Name != "0.taylor.coefficients" || !reflect.DeepEqual(p.Shape, []int{want, 10}) {
			t.Errorf("order %d: parameters %+v", order, list)
		}
	}
}
