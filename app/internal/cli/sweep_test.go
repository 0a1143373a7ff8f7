package cli

import (
	"testing"

	"github.com/coarsegrain/taylornet/sweep"
)

// Variations whose flags say the same in other words are refused.
func TestVariationsDiffer(t *testing.T) {
	a := &app{quiet: true}
	s := &sweepCommand{app: a, flags: &sweepFlags{trainFlags: trainFlags{settings: trainSettings()}}, plan: &sweep.Plan{Data: "digits"}}
	s.opts.Load = sized(a.loadGiven, false).Once()
	if err := s.vary(t.Context(), "--weight-decay 0.1 --smoothing 0.1 --momentum 0.0"); err != nil {
		t.Fatal(err)
	}
	err := s.vary(t.Context(), "--momentum=0 --smoothing=0.1 --weight-decay=0.1")
	if err == nil || err.Error() != "the same as --weight-decay 0.1 --smoothing 0.1 --momentum 0.0" {
		t.Errorf("the same variation again: %v", err)
	}
}
