package spec

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPrintParse: a printed network reads as the same network.
func TestPrintParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNet(t)
		if err := n.Validate(); err != nil {
			t.Fatalf("drawn net:\n%v\n%v", n, err)
		}
		checkRoundTrip(t, n)
	})
}

func checkRoundTrip(t interface{ Fatalf(string, ...any) }, n *Net) {
	src := n.String()
	again, err := Parse(src)
	if err != nil {
		t.Fatalf("printed as\n%s\nParse: %v", src, err)
	}
	if again.Input != n.Input || !sameOps(again.Ops, n.Ops) {
		t.Fatalf("printed as\n%s\nread as\n%v", src, again)
	}
}

// sameOps compares trees apart from positions.
func sameOps(a, b []Op) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		left, right := branchesOf(a[i]), branchesOf(b[i])
		if reflect.TypeOf(a[i]) != reflect.TypeOf(b[i]) || len(left) != len(right) {
			return false
		}
		for j := range left {
			if !sameOps(left[j], right[j]) {
				return false
			}
		}
		if left == nil && !reflect.DeepEqual(withoutPos(a[i]), withoutPos(b[i])) {
			return false
		}
	}
	return true
}

// branchesOf returns the branches of a group, nil for other operations.
func branchesOf(op Op) [][]Op {
	if g, ok := op.(group); ok {
		return g.branches()
	}
	return nil
}

func withoutPos(op Op) any {
	v := reflect.New(reflect.TypeOf(op).Elem()).Elem()
	v.Set(reflect.ValueOf(op).Elem())
	v.FieldByName("Pos").SetZero()
	return v.Interface()
}

// drawNet draws a valid network of a few operations, groups included.
func drawNet(t *rapid.T) *Net {
	size := rapid.IntRange(1, 12)
	n := &Net{Input: Shape{H: size.Draw(t, "h"), W: size.Draw(t, "w"), C: rapid.IntRange(1, 4).Draw(t, "c")}}
	n.Ops = drawOps(t, n.Input, 2)
	switch rapid.IntRange(0, 2).Draw(t, "end") {
	case 0:
		n.Ops = append(n.Ops, &Linear{N: size.Draw(t, "n")})
	case 1:
		n.Ops = append(n.Ops, &Flatten{})
	case 2:
		n.Ops = append(n.Ops, &Pool{Global: true})
	}
	return n
}

// drawOps draws operations, groups at most the given number deep. Those that
// do not fit on the lattice are left out.
func drawOps(t *rapid.T, input Shape, depth int) []Op {
	var ops []Op
	for range rapid.IntRange(0, 4).Draw(t, "ops") {
		try := append(slices.Clone(ops), drawOp(t, shapeAfter(input, ops), depth))
		var w walk
		w.ops(try, "", 0, signal{shape: input, degree: 1})
		if len(w.faults) == 0 {
			ops = try
		}
	}
	return ops
}

func shapeAfter(in Shape, ops []Op) Shape {
	var w walk
	return w.ops(ops, "", 0, signal{shape: in, degree: 1}).shape
}

func drawOp(t *rapid.T, in Shape, depth int) Op {
	draw := func(name string, low, high int) int { return rapid.IntRange(low, high).Draw(t, name) }
	l1, l2, s1, s2, d := draw("l1", 1, 3), draw("l2", 1, 3), draw("s1", 1, 3), draw("s2", 1, 3), draw("d", 1, 3)
	last := 8
	if depth == 0 {
		last = 6
	}
	switch draw("op", 0, last) {
	case 0:
		return &Conv{L1: l1, L2: l2, C: draw("c", 1, 4), S1: s1, S2: s2, P: draw("p", 0, 2)}
	case 1:
		return &CG{L1: l1, L2: l2, C: in.C, S1: s1, S2: s2, D: d, Order: draw("order", 1, 3), Tie: draw("tie", 0, 2)}
	case 2:
		return &Norm{}
	case 3:
		return &ReLU{}
	case 4:
		return &Pool{Max: rapid.Bool().Draw(t, "max"), L1: l1, L2: l2, S1: s1, S2: s2, D: d}
	case 5:
		return &Linear{N: draw("n", 1, 9)}
	case 6:
		return &Taylor{N: draw("n", 1, 9), Order: draw("order", 1, 3)}
	case 7:
		return &Sum{Branches: [][]Op{drawKeeping(t, in, depth-1), drawKeeping(t, in, depth-1)}}
	default:
		group := [][]Op{nil, drawKeeping(t, in, depth-1)}
		if rapid.Bool().Draw(t, "third") {
			group = append(group, append(drawKeeping(t, in, depth-1), &Conv{L1: 3, L2: 3, C: draw("c", 1, 3), S1: 1, S2: 1, P: 1}))
		}
		return &Cat{Branches: group}
	}
}

// drawKeeping draws operations for a branch and makes their output fit the
// input's shape where they change it.
func drawKeeping(t *rapid.T, in Shape, depth int) []Op {
	ops := drawOps(t, in, depth)
	switch out := shapeAfter(in, ops); {
	case out == in:
		return ops
	case out.H == in.H && out.W == in.W:
		return append(ops, &Conv{L1: 1, L2: 1, C: in.C, S1: 1, S2: 1})
	}
	return nil
}

// TestText: a network in JSON is its notation.
func TestText(t *testing.T) {
	const src = "Input(4,4,1)\nCG(2,2,1,2,2)\nLinear(3)\n"
	text, err := json.Marshal(struct{ Net *Net }{mustParse(t, src)})
	if want := `{"Net":"Input(4,4,1)\nCG(2,2,1,2,2)\nLinear(3)\n"}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
	var read struct{ Net *Net }
	if err := json.Unmarshal(text, &read); err != nil || read.Net.String() != src {
		t.Errorf("read back as %v, %v", read.Net, err)
	}
	var faults Faults
	if err := json.Unmarshal([]byte(`{"Net":"Input(4,4,1)"}`), &read); !errors.As(err, &faults) || read.Net.String() != src {
		t.Errorf("a net without operations: %v, %v", read.Net, err)
	}
	if _, err := new(Net).MarshalText(); !errors.As(err, &faults) {
		t.Errorf("an empty net: %v", err)
	}
}
