package cpu

import "testing"

func TestFromEnv(t *testing.T) {
	for _, tt := range []struct {
		value string
		want  Level
		err   bool
	}{
		{"", best, false},
		{"portable", Portable, false},
		{best.String(), best, false},
		{"sse9", best, true},
		{"AVX2", best, true},
	} {
		got, err := fromEnv(tt.value)
		if got != tt.want || (err != nil) != tt.err {
			t.Errorf("fromEnv(%q) = %v, %v; want %v, error %v", tt.value, got, err, tt.want, tt.err)
		}
	}
}

func TestSetUndo(t *testing.T) {
	before := Active()
	for _, l := range Supported() {
		undo := Set(l)
		if Active() != l {
			t.Errorf("Active() = %v after Set(%v)", Active(), l)
		}
		undo()
	}
	if Active() != before {
		t.Errorf("Active() = %v after undo, want %v", Active(), before)
	}
}
