package spec

import (
	"slices"
	"testing"
)

func TestPresets(t *testing.T) {
	tests := []struct {
		name                 string
		in                   Shape
		params               int
		degree               int64
		mostParams, mostMACs int
	}{
		{name: "cifar-10", in: Shape{H: 32, W: 32, C: 3}, params: 782_426, degree: 78_125_000_000, mostParams: 1_000_000, mostMACs: 65_000_000},
		{name: "cifar-10-large", in: Shape{H: 32, W: 32, C: 3}, params: 1_750_786, degree: 78_125_000_000, mostParams: 5_000_000, mostMACs: 150_000_000},
		{name: "cifar-10-readable", in: Shape{H: 32, W: 32, C: 3}, params: 196_714, degree: 16, mostParams: 200_000, mostMACs: 12_000_000},
		{name: "digits", in: Shape{H: 8, W: 8, C: 1}, params: 11_946, degree: 4, mostParams: 20_000, mostMACs: 1_000_000},
		{name: "fashion-mnist", in: Shape{H: 28, W: 28, C: 1}, params: 409_546, degree: 15_625_000_000, mostParams: 500_000, mostMACs: 60_000_000},
		{name: "fashion-mnist-readable", in: Shape{H: 28, W: 28, C: 1}, params: 196_138, degree: 16, mostParams: 200_000, mostMACs: 12_000_000},
		{name: "mnist", in: Shape{H: 28, W: 28, C: 1}, params: 53_958, degree: 128, mostParams: 120_000, mostMACs: 12_000_000},
		{name: "mnist-paper", in: Shape{H: 28, W: 28, C: 1}, params: 118_346, degree: 16, mostParams: 120_000, mostMACs: 12_000_000},
		{name: "mnist-readable", in: Shape{H: 28, W: 28, C: 1}, params: 70_826, degree: 16, mostParams: 120_000, mostMACs: 12_000_000},
		{name: "mnist-readable-small", in: Shape{H: 28, W: 28, C: 1}, params: 19_290, degree: 16, mostParams: 20_000, mostMACs: 2_500_000},
		{name: "mnist-small", in: Shape{H: 28, W: 28, C: 1}, params: 18_750, degree: 128, mostParams: 20_000, mostMACs: 2_500_000},
		{name: "mnist-tiny", in: Shape{H: 28, W: 28, C: 1}, params: 7_950, degree: 128, mostParams: 8_000, mostMACs: 1_100_000},
	}
	var names []string
	for _, test := range tests {
		names = append(names, test.name)
		n, ok := Preset(test.name)
		if !ok {
			t.Errorf("there is no preset %s", test.name)
			continue
		}
		if n.Input != test.in || n.Out() != (Shape{H: 1, W: 1, C: 10}) {
			t.Errorf("%s takes %v to %v", test.name, n.Input, n.Out())
		}
		if n.NumParams() != test.params || int64(n.Degree()) != min(test.degree, MaxDegree) || n.NumParams() >= test.mostParams {
			t.Errorf("%s has %d parameters and degree %d, want %d and %d", test.name, n.NumParams(), n.Degree(), test.params, test.degree)
		}
		if n.MACs() > test.mostMACs {
			t.Errorf("%s has %d multiply-adds, want at most %d", test.name, n.MACs(), test.mostMACs)
		}
		checkRoundTrip(t, n)
	}
	if got := Presets(); !slices.Equal(got, names) {
		t.Errorf("presets %v, want %v", got, names)
	}
}

func TestNoPreset(t *testing.T) {
	for _, name := range []string{"", "MNIST", "../presets/mnist", "mnist.net", "/"} {
		if _, ok := Preset(name); ok {
			t.Errorf("there is a preset %q", name)
		}
	}
}
