package spec

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// nestedSums is groups in each other, the given number deep.
func nestedSums(depth int) []Op {
	ops := []Op{&Norm{}}
	for range depth {
		ops = []Op{&Sum{Branches: [][]Op{ops, nil}}}
	}
	return ops
}

var invalidTests = []struct {
	name string
	net  Net
	want string
}{
	{"valid", Net{Shape{H: 4, W: 4, C: 2}, []Op{&CG{L1: 2, L2: 2, C: 2, S1: 2, S2: 2, D: 1, Order: 2}, &Linear{N: 3}}}, ""},
	{"no input", Net{Shape{}, []Op{&Linear{N: 3}}}, "h of Input is 0, want a whole number from 1 to 65536"},
	{
		"input too large", Net{Shape{H: 65536, W: 65536, C: 1}, []Op{&Linear{N: 3}}},
		"the feature map [65536,65536,1] has more than 268435456 values",
	},
	{"no operations", Net{Shape{H: 4, W: 4, C: 2}, nil}, "the net has no operations"},
	{
		"zero values", Net{Shape{H: 4, W: 4, C: 2}, []Op{&CG{L1: 2, L2: 2, C: 2, S1: 2, S2: 2}, &Linear{N: 3}}},
		"operation 0: d of CG is 0, want a whole number from 1 to 65536; " +
			"operation 0: order of CG is 0, want a whole number from 1 to 3",
	},
	{
		"within a group",
		Net{Shape{H: 4, W: 4, C: 2}, []Op{&Norm{}, &Cat{Branches: [][]Op{nil, {&Norm{}, &Linear{}}}}, &Linear{N: 3}}},
		"operation 1.1.1: n of Linear is 0, want a whole number from 1 to 65536",
	},
	{
		"group without branches", Net{Shape{H: 4, W: 4, C: 2}, []Op{&Sum{}, &Linear{N: 3}}},
		"operation 0: Sum needs at least two branches, as in Sum{ a | b }, got 0",
	},
	{
		"global maximum", Net{Shape{H: 4, W: 4, C: 2}, []Op{&Pool{Max: true, Global: true}}},
		"operation 0: a global pool is an AvgPool without a window",
	},
	{
		"global with window", Net{Shape{H: 4, W: 4, C: 2}, []Op{&Pool{Global: true, D: 1}}},
		"operation 0: a global pool is an AvgPool without a window",
	},
	{"open end", Net{Shape{H: 4, W: 4, C: 2}, []Op{&Norm{}}}, "operation 0: the net ends in [4,4,2], want [1,1,K]: end it with Linear(n), or AvgPool"},
	{
		"too deep", Net{Shape{H: 4, W: 4, C: 2}, nestedSums(maxDepth + 1)},
		"operation 0" + strings.Repeat(".0.0", maxDepth) + ": groups are nested more than 32 deep",
	},
	{
		"channels side by side",
		Net{Shape{H: 1, W: 1, C: 65536}, []Op{&Cat{Branches: make([][]Op, 4097)}, &Linear{N: 3}}},
		"operation 0: the branches of Cat have more than 268435456 channels",
	},
	{
		"foreign operation", Net{Shape{H: 4, W: 4, C: 2}, []Op{struct{ *Norm }{&Norm{}}, &Linear{N: 3}}},
		"operation 0: struct { *spec.Norm } is not an operation",
	},
}

// TestValidate: a tree made by a program is checked as a source is, and a
// fault is told by the operation's path.
func TestValidate(t *testing.T) {
	for _, test := range invalidTests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := test.net.Validate(); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestInvalidPanics(t *testing.T) {
	defer func() {
		const want = "spec.Net.MACs: the net has no operations"
		if got := recover(); got != want {
			t.Errorf("panic %v, want %s", got, want)
		}
	}()
	n := &Net{Input: Shape{H: 1, W: 1, C: 1}}
	n.MACs()
}

func TestShapes(t *testing.T) {
	tests := []struct {
		src  string
		want []Shape // of each layer
	}{
		{
			"Input(28,28,1) CG(2,2,1,2,2) CG(2,2,1,1,1,7) CG(2,2,1,1,1,3) CG(2,2,1,2,2) Linear(10)",
			[]Shape{{H: 14, W: 14, C: 1}, {H: 7, W: 7, C: 1}, {H: 4, W: 4, C: 1}, {H: 2, W: 2, C: 1}, {H: 1, W: 1, C: 10}},
		},
		{
			"Input(7,9,2) Conv(3,5,6,2,1,1) MaxPool(2,2,2,2) AvgPool(1,2,1,3,2) Norm Flatten",
			[]Shape{{H: 4, W: 7, C: 6}, {H: 2, W: 3, C: 6}, {H: 2, W: 1, C: 6}, {H: 2, W: 1, C: 6}, {H: 1, W: 1, C: 12}},
		},
		{
			"Input(8,8,3) Cat{ CG(2,2,3,2,2) | AvgPool(2,2,2,2) Conv(1,1,5,1,1) } Sum{ Norm | } AvgPool",
			[]Shape{{H: 4, W: 4, C: 8}, {H: 4, W: 4, C: 3}, {H: 4, W: 4, C: 3}, {H: 4, W: 4, C: 5}, {H: 4, W: 4, C: 8}, {H: 4, W: 4, C: 8}, {H: 1, W: 1, C: 8}},
		},
	}
	for _, test := range tests {
		n := mustParse(t, test.src)
		in := n.Input
		layers := n.Layers()
		if len(layers) != len(test.want) {
			t.Fatalf("%s: %d layers, want %d", test.src, len(layers), len(test.want))
		}
		for i, l := range layers {
			if l.Out != test.want[i] {
				t.Errorf("%s: layer %s %v gives %v, want %v", test.src, l.Path, l, l.Out, test.want[i])
			}
			if l.Depth == 0 && l.In != in {
				t.Errorf("%s: layer %s %v takes %v, want %v", test.src, l.Path, l, l.In, in)
			}
			if l.Depth == 0 {
				in = l.Out
			}
		}
		if n.Out() != in {
			t.Errorf("%s: Out is %v, want %v", test.src, n.Out(), in)
		}
	}
}

// TestSteps counts the places of a window one by one.
func TestSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, high int) int { return rapid.IntRange(1, high).Draw(t, name) }
		length, l, s, d := draw("length", 40), draw("l", 6), draw("s", 6), draw("d", 8)
		want := 0
		for at := 0; at+d*(l-1) < length; at += s {
			want++
		}
		got, ok := steps(length, l, s, d)
		if got != want || ok != (want > 0) {
			t.Fatalf("got %d, %v, want %d", got, ok, want)
		}
	})
}

func mustParse(t *testing.T, src string) *Net {
	t.Helper()
	n, err := Parse(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return n
}
