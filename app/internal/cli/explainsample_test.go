package cli

import (
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/pretrained"
	"github.com/coarsegrain/taylornet/spec"
)

// TestSampleOf: the models that come with the program are measured on as many images as
// ever, large networks on few.
func TestSampleOf(t *testing.T) {
	for _, name := range pretrained.Names() {
		m, err := pretrained.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := sampleOf(m.Net()); n != sampleImages {
			t.Errorf("%s is measured on %d images", name, n)
		}
	}
	for net, most := range map[string]int{
		"Input(8,8,1) Conv(1,1,65536,1,1) AvgPool Linear(2)":                   64,
		"Input(8192,8192,1) AvgPool Linear(2)":                                 256,
		"Input(64,64,1) " + strings.Repeat("CG(1,1,1,1,1) ", 9000) + "AvgPool": 8,
		"Input(4,4,1) " + strings.Repeat("CG(1,1,1,1,1) ", 9000) + "Linear(2)": 32,
	} {
		n, err := spec.Parse(net)
		if err != nil {
			t.Fatal(err)
		}
		if got := sampleOf(n); got < 1 || got > most {
			t.Errorf("%.30s is measured on %d images, want at most %d", net, got, most)
		}
	}
}
