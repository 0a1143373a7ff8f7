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
