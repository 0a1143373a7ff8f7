package spec

import (
	"errors"
	"testing"
)

// FuzzParse: whatever the source, Parse ends with a net or with faults that
// have places; a net prints as itself and can be measured.
func FuzzParse(f *testing.F) {
	for _, name := range Presets() {
		src, _ := PresetSource(name)
		f.Add(src)
	}
	f.Add("Input(8,8,3) Cat{ CG(2,2,3,2,2,order=3) | AvgPool(2,2,2,2) } Sum{ Norm() | Sum{ReLU|}| } MaxPool(2,2,1,1,2) Flatten")
	f.Add("Input(1,1) Conv(3,3 Norm{ | 3,} Cnov(x=1,=) # \xff\r\n Sum CG(2,2,order=2,order=9,1)")
	f.Fuzz(func(t *testing.T, src string) {
		n, err := Parse(src)
		if err != nil {
			var faults Faults
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Fatalf("error %v, want Faults", err)
			}
			for _, fault := range faults {
				if (fault.Pos.Line < 1 || fault.Pos.Col < 1) && len(src) <= maxSource {
					t.Fatalf("%q has no place", fault.Msg)
				}
			}
			return
		}
		checkRoundTrip(t, n)
		if err := n.Validate(); err != nil {
			t.Fatalf("Validate: %v", err)
		}
		if out := n.Out(); out.H != 1 || out.W != 1 || out.C < 1 {
			t.Fatalf("Out is %v", out)
		}
		if len(n.Layers()) < len(n.Ops) || n.MACs() < 0 || n.Degree() < 0 {
			t.Fatalf("%d layers, %d multiply-adds, degree %d", len(n.Layers()), n.MACs(), n.Degree())
		}
		size := 0
		for _, p := range n.Params() {
			size += p.Size()
		}
		if size < n.NumParams() || size > maxParams {
			t.Fatalf("%d parameters, %d of them trained", size, n.NumParams())
		}
	})
}
