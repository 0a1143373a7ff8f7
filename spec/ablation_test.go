package spec

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAblation(t *testing.T) {
	const net = "Input(16,16,1)\nConv(3,3,4,1,1,1) Norm Gain(8) CG(2,2,4,2,2)\n" +
		"Sum{ CG(1,1,4,1,1,tie=1) Cat{ Conv(3,3,2,1,1,1) | Conv(1,1,2,1,1) Gain(2) CG(1,1,2,1,1) } | CG(1,1,4,1,1,tie=1) }\n" +
		"CG(2,2,4,1,1,4,order=3)\nLinear(3)\n"
	for _, tt := range []struct{ ablation, want string }{
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
		got, err := n.Ablation(tt.ablation)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("%s:\n%swant\n%s", tt.ablation, got, want)
		}
		if n.String() != net {
			t.Errorf("%s changed the network itself:\n%s", tt.ablation, n)
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

func TestNoAblation(t *testing.T) {
	for _, tt := range []struct{ net, ablation, want string }{
		{"Input(4,4,1) CG(2,2,1,2,2) Linear(2)", "sigmoid", "unknown ablation \"sigmoid\": want one of relu-avg, relu-max, linear, undilated"},
		{"Input(4,4,1) Linear(2)", "linear", "nothing to replace"},
		{"Input(4,4,1) CG(2,2,1,2,2,order=1) Linear(2)", "linear", "nothing to replace"},
		{"Input(4,4,1) CG(2,2,1,2,2) Linear(2)", "undilated", "nothing to replace"},
		{"Input(9,9,1) CG(3,3,1,1,1,2) CG(5,5,1,1,1) Linear(2)", "undilated", "ablation undilated: line"},
	} {
		_, err := parsed(t, tt.net).Ablation(tt.ablation)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s of %s: error %v, want %q", tt.ablation, tt.net, err, tt.want)
		}
	}
}

// Every preset has its ablations, of the degree that they should have.
func TestAblationsOfPresets(t *testing.T) {
	for _, name := range Presets() {
		n, _ := Preset(name)
		for _, ablation := range Ablations() {
			twin, err := n.Ablation(ablation)
			if err != nil {
				if ablation == "undilated" && strings.Contains(err.Error(), "nothing to replace") {
					continue
				}
				t.Errorf("%s: %v", name, err)
				continue
			}
			degree := map[string]int{"relu-avg": 0, "relu-max": 0, "linear": 1, "undilated": n.Degree()}[ablation]
			if twin.Degree() != degree || twin.NumParams() > n.NumParams() {
				t.Errorf("%s, %s: degree %d, %d parameters", name, ablation, twin.Degree(), twin.NumParams())
			}
		}
	}
}

// Whatever the network, an ablation of it is one that can be read again, or an error.
func TestAblationIsValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNet(t)
		for _, name := range Ablations() {
			twin, err := n.Ablation(name)
			if err != nil {
				continue
			}
			if _, err := Parse(twin.String()); err != nil {
				t.Fatalf("%s of\n%s: %v", name, n, err)
			}
			if again, err := twin.Ablation(name); err == nil {
				t.Fatalf("%s of %s can be made of it again:\n%s", name, n, again)
			}
		}
	})
}

func TestAblations(t *testing.T) {
	if got := Ablations(); !slices.Equal(got, []string{"relu-avg", "relu-max", "linear", "undilated"}) {
		t.Errorf("ablations %v", got)
	}
}
