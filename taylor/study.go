package taylor

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// Study compares second-order weights with the distance of the two inputs that they
// connect, after the paper's Fig. 3. The baseline is the same with shuffled pixels,
// between which distance means nothing.
type Study struct {
	Weights, Shuffled *Distances
	Text              string // the study in words, for the caller to give
}

// weighed is a polynomial to study. Active, unless it is nil, says which inputs to
// study: nothing is learned about those that are zero in every image.
type weighed struct {
	*Quadratic
	Active []bool // [H*W*C]
	// moved, unless it is nil, says which input is in each one's place: a baseline for a
	// network that is not trained again.
	moved []int32
}

// pair returns what Pair does, of the inputs where they are.
func (w weighed) pair(k, i, j int) float64 {
	if w.moved != nil {
		i, j = int(w.moved[i]), int(w.moved[j])
	}
	return w.Pair(k, i, j)
}

// newStudy studies polynomials of inputs of one shape, such as those of several random
// seeds, and the same with shuffled pixels. It returns ErrInterrupted when ctx ends, and
// model.ErrNotFinite if a statistic overflows.
func newStudy(ctx context.Context, shape spec.Shape, weights, shuffled []weighed) (*Study, error) {
	s := &Study{}
	var err error
	if s.Weights, err = studyDistances(ctx, shape, weights); err != nil {
		return nil, err
	}
	s.Shuffled, err = studyDistances(ctx, shape, shuffled)
	if err == nil && (!s.Weights.finite() || !s.Shuffled.finite()) {
		err = fmt.Errorf("%w: the second-order weights are too large to be added up", model.ErrNotFinite)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Falls reports whether weights fall with distance: whether the whole interval of
// their correlation is below zero and below that of the shuffled pixels. For one
// polynomial it compares the correlations themselves.
func (s *Study) Falls() bool {
	_, high := s.Weights.Correlation.ends()
	low, _ := s.Shuffled.Correlation.ends()
	return high < min(0, low)
}

// MarshalJSON writes the correlations and the text, without the rows by distance.
func (s *Study) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Falls               bool     `json:"falls"`
		Correlation         Interval `json:"correlation"`
		Adjusted            Interval `json:"adjusted_correlation"`
		ShuffledCorrelation Interval `json:"shuffled_correlation"`
		ShuffledAdjusted    Interval `json:"shuffled_adjusted_correlation"`
		Excluded            int      `json:"excluded"`
		Text                string   `json:"text"`
	}{
		s.Falls(), s.Weights.Correlation, s.Weights.Adjusted, s.Shuffled.Correlation, s.Shuffled.Adjusted,
		s.Weights.Excluded, s.Text,
	})
}
