package cpu

import (
	"errors"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/spec"
)

func TestProfiler(t *testing.T) {
	for _, tt := range []struct {
		net   string
		paths []string // and operations, where they are several
		// operations and bytes of one pass of the first layer listed
		forward, backward PassTime
	}{
		{
			"Input(4,4,2) Conv(3,3,3,1,1,1) Norm CG(2,2,3,2,2) Flatten Linear(5)", []string{"0", "1 Norm CG(2,2,3,2,2)", "4"},
			PassTime{FLOP: 2 * 16 * 9 * 2 * 3, Bytes: 4 * 16 * (2 + 3)},
			PassTime{FLOP: 2 * 16 * 9 * 2 * 3, Bytes: 4 * 16 * (2 + 3)}, // none to the images
		},
		{
			"Input(4,4,2) CG(1,1,2,1,1) Sum{ Cat{ Norm | } Conv(1,1,2,1,1) | } ReLU AvgPool",
			[]string{"0", "1.0.0.0.0", "1.0.0", "1.0.1", "1", "2", "3"},
			PassTime{FLOP: 2 * 16 * 2 * 2, Bytes: 4 * 16 * 4},
			PassTime{FLOP: 2 * 16 * 2 * 2, Bytes: 4 * 16 * 4},
		},
	} {
		net, err := spec.Parse(tt.net)
		if err != nil {
			t.Fatal(err)
		}
		p, err := NewProfiler(net, engine.Init(net, 1), engine.TrainingOptions{Options: engine.Options{MicroBatch: 3}})
		if err != nil {
			t.Fatal(err)
		}
		if p.Images() != 3 {
			t.Errorf("%s: micro-batch of %d, want 3", tt.net, p.Images())
		}
		for range profileSample + 10 {
			p.Round()
		}
		list := p.Times()
		var paths []string
		for _, l := range list {
			path := l.Path()
			if len(l.Layers) > 1 {
				path += " " + l.String()
			}
			paths = append(paths, path)
			for _, pass := range []PassTime{l.Forward, l.Backward} {
				if !(pass.Seconds > 0) || pass.Bytes <= 0 {
					t.Errorf("%s: %s takes %v", tt.net, l, pass)
				}
			}
		}
		if !slices.Equal(paths, tt.paths) {
			t.Errorf("%s: layers %v, want %v", tt.net, paths, tt.paths)
		}
		tt.forward.Seconds, tt.backward.Seconds = list[0].Forward.Seconds, list[0].Backward.Seconds
		if list[0].Forward != tt.forward || list[0].Backward != tt.backward {
			t.Errorf("%s: %+v, want %+v and %+v", tt.net, list[0], tt.forward, tt.backward)
		}
	}
}

func TestProfilerCountsBothGradients(t *testing.T) {
	net, err := spec.Parse("Input(2,2,1) Linear(3)")
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewProfiler(net, engine.Init(net, 1), engine.TrainingOptions{InputGrad: true})
	if err != nil {
		t.Fatal(err)
	}
	p.Round()
	if got := p.Times()[0].Backward; got.FLOP != 2*2*12 || got.Bytes != 4*(4+3+4) {
		t.Errorf("%+v, want 48 operations on 44 bytes", got)
	}
}

// A norm and a coarse-graining in one have the multiply-adds of the latter, and
// nothing between them is read or written.
func TestProfilerOfTwoInOne(t *testing.T) {
	net, err := spec.Parse("Input(2,2,3) Conv(1,1,3,1,1) Norm CG(2,2,3,1,1)")
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewProfiler(net, engine.Init(net, 1), engine.TrainingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p.Round()
	l := p.Times()[1]
	macs := net.Layers()[2].MACs
	if l.Forward.FLOP != 2*macs || l.Forward.Bytes != 4*(12+3) {
		t.Errorf("forward %+v, want %d operations on 60 bytes", l.Forward, 2*macs)
	}
	if l.Backward.FLOP != 4*macs || l.Backward.Bytes != 4*(12+3+12) {
		t.Errorf("backward %+v, want %d operations on 108 bytes", l.Backward, 4*macs)
	}
}

func TestProfilerErrors(t *testing.T) {
	net, err := spec.Parse("Input(2,2,1) Linear(3)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewProfiler(net, make([]float32, 3), engine.TrainingOptions{}); !errors.Is(err, engine.ErrParams) {
		t.Errorf("error %v, want %v", err, engine.ErrParams)
	}
	if _, err := NewProfiler(&spec.Net{}, nil, engine.TrainingOptions{}); err == nil {
		t.Error("no error for an invalid network")
	}
}
