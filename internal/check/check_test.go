package check

import (
	"fmt"
	"math"
	"testing"
)

func TestWithin(t *testing.T) {
	for _, v := range []float64{1, 1.5, 2} {
		if err := Within("rate", v, 1, 2); err != nil {
			t.Errorf("%v: %v", v, err)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0.999, 2.001} {
		if Within("rate", v, 1, 2) == nil {
			t.Errorf("%v is within 1 to 2", v)
		}
	}
}

func TestBounds(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, tt := range []struct {
		err  error
		want string // "" for none
	}{
		{Below("x", 0, 0, 1), ""},
		{Below("x", 0.999, 0, 1), ""},
		{Below("x", 1, 0, 1), "x 1: want at least 0 and below 1"},
		{Below("x", -0.1, 0, 1), "x -0.1: want at least 0 and below 1"},
		{Below("x", nan, 0, 1), "x NaN: want at least 0 and below 1"},
		{Below("x", 1e300, 1, inf), ""},
		{Below("x", 0.5, 1, inf), "x 0.5: want at least 1"},
		{Below("x", inf, 1, inf), "x +Inf: want at least 1"},
		{Positive("x", 1e-300), ""},
		{Positive("x", 0), "x 0: want a positive number"},
		{Positive("x", nan), "x NaN: want a positive number"},
		{Positive("x", inf), "x +Inf: want a positive number"},
	} {
		got := ""
		if tt.err != nil {
			got = tt.err.Error()
		}
		if got != tt.want {
			t.Errorf("error %q, want %q", got, tt.want)
		}
	}
}

func ExampleOneOf() {
	fmt.Println(OneOf("schedule", "cosine", []string{"cosine", "constant"}))
	fmt.Println(OneOf("schedule", "cosin", []string{"cosine", "constant"}))
	// Output:
	// <nil>
	// schedule "cosin": want one of cosine, constant
}

func ExampleAll() {
	fmt.Println(All(nil, Within("rate", 1, 0, 1)))
	fmt.Println(All(Within("rate", 2, 0, 1), nil, Within("epochs", 0, 1, 9)))
	// Output:
	// <nil>
	// rate 2: want 0 to 1; epochs 0: want 1 to 9
}
