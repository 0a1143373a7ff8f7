package memory

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/tensor"
)

func TestDefault(t *testing.T) {
	if got := Default(); got < 64<<20 || got > 1<<50 {
		t.Errorf("the default budget is %d bytes", got)
	}
}

func TestForFile(t *testing.T) {
	for _, tt := range []struct{ bytes, want int64 }{
		{0, perFile},
		{1 << 20, perFile},
		{4 << 20, perFile + 3<<20*perByte},
		{math.MaxInt64, Default()},
	} {
		if got, want := ForFile(tt.bytes), min(tt.want, Default()); got != want {
			t.Errorf("ForFile(%d) = %d, want %d", tt.bytes, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		budget int64
		need   float64
		want   string
	}{
		{100, 100, ""},
		{0, 0, ""},
		{300e6, 9.1e9, "the maps would take 9.1 GB of memory, but only 300 MB may be used"},
		{1, math.Inf(1), "the maps would take over +Inf EB"},
		{0, 1e30, "the maps would take over 1e+12 EB"},
	} {
		err := Check(tt.budget, tt.need, "the maps")
		if tt.want == "" {
			if err != nil {
				t.Errorf("Check(%d, %v): %v", tt.budget, tt.need, err)
			}
			continue
		}
		if !errors.Is(err, tensor.ErrMemory) || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("Check(%d, %v): %v, want %s", tt.budget, tt.need, err, tt.want)
		}
	}
}

func TestText(t *testing.T) {
	for bytes, want := range map[float64]string{
		0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 9949: "9.9 kB", 9960: "10 kB", 999.4e3: "999 kB", 999.6e3: "1.0 MB", 12.4e9: "12 GB",
	} {
		if got := Text(bytes); got != want {
			t.Errorf("Text(%v) = %s, want %s", bytes, got, want)
		}
	}
}
