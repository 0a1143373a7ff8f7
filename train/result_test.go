package train

import (
	"path/filepath"
	"testing"
)

// The model knows how far apart the logits of its training images are.
func TestLogitRange(t *testing.T) {
	data, cfg := digits(t), small()
	cfg.Validation = 0
	result, err := Run(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := result.Model.MeasureRange(t.Context(), data.Train.All())
	if err != nil {
		t.Fatal(err)
	}
	if got := result.Model.Config().LogitRange; !(got > 0) || got != want {
		t.Errorf("range of logits %v, want %v", got, want)
	}
}

func TestThinned(t *testing.T) {
	all := digits(t).Train.All()
	for _, tt := range []struct{ most, n, last int }{{10000, 1438, 1437}, {1438, 1438, 1437}, {719, 719, 1436}, {3, 3, 958}, {1, 1, 0}} {
		got := thinned(all, tt.most)
		if got.Len() != tt.n || got.Index[0] != 0 || int(got.Index[got.Len()-1]) != tt.last {
			t.Errorf("at most %d: %d images, the last is %d, want %d and %d", tt.most, got.Len(), got.Index[got.Len()-1], tt.n, tt.last)
		}
	}
}

func TestSummary(t *testing.T) {
	result, err := Run(t.Context(), small(), digits(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := result.Summary("dir")
	net := result.Model.Net()
	if s.Model != filepath.Join("dir", ModelFile) || s.Run != "dir" || s.Data != "digits" || s.Params != net.NumParams() || s.Degree != net.Degree() {
		t.Errorf("summary %+v", s)
	}
	if s.Epochs != 3 || s.BestEpoch != result.Best+1 || s.TestAccuracy != result.Test.Accuracy() || *s.ValidationAccuracy != result.Validation.Accuracy() {
		t.Errorf("summary %+v", s)
	}
	if !(s.Seconds > 0 && s.ImagesPerSecond > 0) {
		t.Errorf("summary %+v", s)
	}
}
