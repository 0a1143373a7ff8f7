package spec

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDefaultIsValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.OneOf(rapid.IntRange(1, 40), rapid.IntRange(1, 1<<13))
		in := Shape{H: side.Draw(t, "h"), W: side.Draw(t, "w"), C: rapid.IntRange(1, 3).Draw(t, "c")}
		classes := rapid.IntRange(1, 1000).Draw(t, "classes")
		n := Default(in, classes)
		if err := n.Validate(); err != nil {
			t.Fatal(err)
		}
		if got := n.Out().C; n.Input != in || got != classes {
			t.Fatalf("takes %v and gives %d values, want %v and %d", n.Input, got, in, classes)
		}
		if !n.Polynomial() || n.Degree() < 2 {
			t.Fatalf("degree %d, want at least one coarse-graining", n.Degree())
		}
	})
}

func TestDefaultOfLongestSides(t *testing.T) {
	for _, in := range []Shape{{H: 1, W: 1, C: 1}, {H: 1, W: maxValue, C: 3}, {H: maxValue, W: 1, C: 1}, {H: 1 << 13, W: 1 << 13, C: 3}} {
		if err := Default(in, maxValue).Validate(); err != nil {
			t.Errorf("%v: %v", in, err)
		}
	}
}

// The digits preset is what the rule gives for their shape.
func TestDefaultOfDigits(t *testing.T) {
	want, _ := Preset("digits")
	if got := Default(want.Input, 10); got.String() != want.String() {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}
