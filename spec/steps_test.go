package spec

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNetSteps(t *testing.T) {
	n := mustParse(t, "Input(4,4,2) CG(1,1,2,1,1,tie=3) Norm Cat{ Norm | | Gain(4) Sum{ | CG(1,1,2,1,1,tie=3) } Norm } Linear(3)")
	want := []struct {
		text    string
		inputs  []int
		follows bool
		offsets []int
	}{
		{"CG(1,1,2,1,1,tie=3)", []int{-1}, false, []int{0}},
		{"Norm", []int{0}, true, []int{6, 8, 309, 311}},
		{"Norm", []int{1}, false, []int{10, 12, 313, 315}},
		{"Gain(4)", []int{1}, false, nil},
		{"CG(1,1,2,1,1,tie=3)", []int{3}, false, []int{0}},
		{"Sum", []int{3, 4}, false, nil},
		{"Norm", []int{5}, true, []int{14, 16, 317, 319}},
		{"Cat", []int{2, 1, 6}, false, nil},
		{"Linear(3)", []int{7}, true, []int{18, 306}},
	}
	steps := n.Steps()
	if len(steps) != len(want) {
		t.Fatalf("%d steps, want %d", len(steps), len(want))
	}
	for i, w := range want {
		s := steps[i]
		var offsets []int
		for _, p := range s.Params {
			offsets = append(offsets, p.Offset)
		}
		if s.String() != w.text || !reflect.DeepEqual(s.Inputs, w.inputs) || s.Follows != w.follows || !reflect.DeepEqual(offsets, w.offsets) {
			t.Errorf("step %d is %v of %v, follows %v, parameters at %v, want %+v", i, s, s.Inputs, s.Follows, offsets, w)
		}
	}
	if got := steps[8].Param(Bias).Name; got != "3.linear.bias" {
		t.Errorf("the bias of the last step is %s", got)
	}
}

func TestStepWithoutParam(t *testing.T) {
	defer func() {
		if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "spec.Step.Param: ") {
			t.Errorf("panic %q", text)
		}
	}()
	mustParse(t, "Input(1,1,1) Norm").Steps()[0].Param(Weight)
}

// TestStepsFit: whatever the network, the steps are its layers, each reads what steps
// before it compute, in the shapes that they compute, and they have its parameters.
func TestStepsFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNet(t)
		steps, layers, params := n.Steps(), map[string]Layer{}, map[string]Param{}
		for _, l := range n.Layers() {
			layers[l.Path] = l
		}
		for _, p := range n.Params() {
			params[p.Name] = p
		}
		output := func(i int) Shape {
			if i < 0 {
				return n.Input
			}
			return steps[i].Out
		}
		reads := map[int]int{}
		for i, s := range steps {
			if !reflect.DeepEqual(s.Layer, layers[s.Path]) {
				t.Fatalf("%v\nstep %d is %+v, the layer %+v", n, i, s.Layer, layers[s.Path])
			}
			delete(layers, s.Path)
			for _, in := range s.Inputs {
				if in >= i || len(s.Inputs) == 1 && output(in) != s.In {
					t.Fatalf("%v\nstep %d reads %v", n, i, s.Inputs)
				}
				reads[in]++
			}
			for _, p := range s.Params {
				if !reflect.DeepEqual(p, params[p.Name]) {
					t.Fatalf("%v\nstep %d has %+v, the network %+v", n, i, p, params[p.Name])
				}
			}
		}
		if len(layers) > 0 || output(len(steps)-1) != n.Out() {
			t.Fatalf("%v\nno step for %v, or another output than %v", n, layers, n.Out())
		}
		for i, s := range steps {
			if s.Follows != (len(s.Inputs) == 1 && s.Inputs[0] == i-1 && i > 0 && reads[i-1] == 1) {
				t.Fatalf("%v\nstep %d of %v follows: %v", n, i, s.Inputs, s.Follows)
			}
		}
	})
}

func TestReplace(t *testing.T) {
	n := mustParse(t, "Input(4,4,2) Norm Sum{ Norm Flatten | Flatten } Linear(3)")
	var calls []int
	got := n.Replace(func(i int, s Step) []Op {
		calls = append(calls, i)
		switch s.Op.(type) {
		case *Norm:
			return nil
		case *Linear:
			return []Op{s.Op, &Linear{N: 7}}
		}
		return []Op{s.Op}
	})
	if want := mustParse(t, "Input(4,4,2) Sum{ Flatten | Flatten } Linear(3) Linear(7)"); got.String() != want.String() {
		t.Errorf("got\n%vwant\n%v", got, want)
	}
	if want := []int{0, 1, 2, 3, 5}; !reflect.DeepEqual(calls, want) {
		t.Errorf("calls for the steps %v, want %v", calls, want)
	}
}
