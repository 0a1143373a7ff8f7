package spec

import (
	"maps"
	"testing"
)

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
		if l.Name() != want[i].name || !maps.Equal(l.Values(), want[i].values) {
			t.Errorf("%s: %s %v, want %s %v", l, l.Name(), l.Values(), want[i].name, want[i].values)
		}
	}
}
