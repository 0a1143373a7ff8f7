package spec

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestControl(t *testing.T) {
	const net = "Input(16,16,1)\nConv(3,3,4,1,1,1) Norm Gain(8) CG(2,2,4,2,2)\n" +
		"Sum{ CG(1,1,4,1,1,tie=1) Cat{ Conv(3,3,2,1,1,1) | Conv(1,1,2,1,1) Gain(2) CG(1,1,2,1,1) } | CG(1,1,4,1,1,tie=1) }\n" +
		"CG(2,2,4,1,1,4,order=3)\nLinear(3)\n"
	for _, tt := range []struct{ control, want string }{
		{"relu-avg", "Input(16,16,1) Conv(3,3,4,1,1,1) Norm ReLU AvgPool(2,2,2,2)" +
			"Sum{ ReLU Cat{ Conv(3,3,2,1,1,1) | Conv(1,1,2,1,1) ReLU } | ReLU } ReLU AvgPool(2,2,1,1,4) Linear(3)"},
		{"relu-max", "Input(16,16,1) Conv(3,3,4,1,1,1) Norm ReLU MaxPool(2,2,2,2)" +
			"Sum{ ReLU Cat{ Conv(3,3,2,1,1,1) | Conv(1,1,2,1,1) ReLU } | ReLU } ReLU MaxPool(2,2,1,1,4) Linear(3)"},
		{"linear", "Input(16,16,1) Conv(3,3,4,1,1,1) Norm CG(2,2,4,2,2,order=1)" +
			"Sum{ CG(1,1,4,1,1,order=1,tie=1) Cat{ Conv(3,3,2,1,1,1) | Conv(1,1,2,1,1) CG(1,1,2,1,1,order=1) } | CG(1,1,4,1,1,order=1,tie=1) }" +
			"CG(2,2,4,1,1,4,order=1) Linear(3)"},
		{"undilated", strings.Replace(net, "CG(2,2,4,1,1,4,order=3)", "CG(2,2,4,2,2,order=3)", 1)},
	} {
		n, want := parsed(t, net), parsed(t, tt.want)
		got, err := n.Control(tt.control)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("%s:\n%swant\n%s", tt.control, got, want)
		}
		if n.String() != net {
			t.Errorf("%s changed the network itself:\n%s", tt.control, n)
		}
		checkRoundTrip(t, got)
	}
}

func parsed(t *testing.T, src string) *Net {
	t.Helper()
	n, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNoControl(t *testing.T) {
	for _, tt := range []struct{ net, control, want string }{
		{"Input(4,4,1) CG(2,2,1,2,2) Linear(2)", "sigmoid", "unknown control \"sigmoid\": want relu-avg, relu-max, linear, undilated"},
		{"Input(4,4,1) Linear(2)", "linear", "nothing to replace"},
		{"Input(4,4,1) CG(2,2,1,2,2,order=1) Linear(2)", "linear", "nothing to replace"},
		{"Input(4,4,1) CG(2,2,1,2,2) Linear(2)", "undilated", "nothing to replace"},
		{"Input(9,9,1) CG(3,3,1,1,1,2) CG(5,5,1,1,1) Linear(2)", "undilated", "control undilated: line"},
	} {
		_, err := parsed(t, tt.net).Control(tt.control)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s of %s: error %v, want %q", tt.control, tt.net, err, tt.want)
		}
	}
}

// Every preset has its controls, of the degree that they should have.
func TestControlsOfPresets(t *testing.T) {
	for _, name := range Presets() {
		n, _ := Preset(name)
		for _, control := range Controls() {
			twin, err := n.Control(control)
			if err != nil {
				if control == "undilated" && strings.Contains(err.Error(), "nothing to replace") {
					continue
				}
				t.Errorf("%s: %v", name, err)
				continue
			}
			degree := map[string]int{"relu-avg": 0, "relu-max": 0, "linear": 1, "undilated": n.Degree()}[control]
			if twin.Degree() != degree || twin.NumParams() > n.NumParams() {
				t.Errorf("%s, %s: degree %d, %d parameters", name, control, twin.Degree(), twin.NumParams())
			}
		}
	}
}

// Whatever the network, a control of it is one that can be read again, or an error.
func TestControlIsValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNet(t)
		for _, name := range Controls() {
			twin, err := n.Control(name)
			if err != nil {
				continue
			}
			if _, err := Parse(twin.String()); err != nil {
				t.Fatalf("%s of\n%s: %v", name, n, err)
			}
			if again, err := twin.Control(name); err == nil {
				t.Fatalf("%s of %s can be made of it again:\n%s", name, n, again)
			}
		}
	})
}

func TestControls(t *testing.T) {
	if got := Controls(); !slices.Equal(got, []string{"relu-avg", "relu-max", "linear", "undilated"}) {
		t.Errorf("controls %v", got)
	}
}
