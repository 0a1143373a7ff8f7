package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/tensor"
)

func TestMemoryFlag(t *testing.T) {
	for text, want := range map[string]int64{
		"300MB": 300e6, "2GB": 2e9, "1.5GiB": 3 << 29, "512M": 512e6, "512mib": 512 << 20, "4096": 4096, "2e9": 2e9, "7b": 7, "1 TB": 1e12,
		"": 0, "0": 0, "-1GB": 0, "0.1": 0, "GB": 0, "300XB": 0, "300BM": 0, "1e300": 0, "9223372036854775808": 0, "NaN": 0, "Inf": 0, "InfMB": 0, "2GB\n": 0,
	} {
		f := &memoryFlag{}
		if err := f.Set(text); (err == nil) != (want > 0) || f.bytes != want {
			t.Errorf("%q: %d, %v, want %d", text, f.bytes, err, want)
		}
	}
}

func TestMoreMemory(t *testing.T) {
	if got := moreMemory(fmt.Errorf("the maps: %w", tensor.ErrMemory)); got != " (--memory SIZE allows more)" {
		t.Errorf("got %q", got)
	}
	var out, stderr bytes.Buffer
	if status := Main([]string{"net", "--memory", "lots"}, &out, &stderr); status != misuse || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("status %d: %s", status, &stderr)
	}
}

// TestSizeByUser loads images of a size that a file could not ask for.
func TestSizeByUser(t *testing.T) {
	a := &app{out: &sink{Writer: io.Discard}, stderr: io.Discard}
	size := dataset.Size{H: 300, W: 300} // 1,797 digits of 90 kB
	if _, err := sized(a.loadGiven, false)(t.Context(), defaultData, size); err != nil {
		t.Error(err)
	}
	if _, err := sized(a.loadGiven, true)(t.Context(), defaultData, size); !errors.Is(err, tensor.ErrMemory) || strings.Contains(err.Error(), "would fit") {
		t.Errorf("a size that a file asks for: %v", err)
	}
}

// TestLeft evaluates, and explains, in what the data leave of the memory.
func TestLeft(t *testing.T) {
	a := &app{}
	if got := a.left(5); got != 0 {
		t.Errorf("%d bytes are left of what was not given", got)
	}
	a.memory.bytes = 100
	for held, want := range map[float64]int64{0: 100, 30: 70, 1e9: 1} {
		if got := a.left(held); got != want {
			t.Errorf("%d bytes are left beside %v, want %d", got, held, want)
		}
	}
	t.Chdir(t.TempDir())
	net := "Input(64,64,1) Conv(3,3,8,1,1,1) CG(2,2,8,2,2) Linear(10)" // 1,797 digits of 4 kB
	mustRun(t, "train", "--quiet", "--net", net, "--size", "64", "--epochs", "1", "--rate", "1e-6", "--out", "run")
	for _, tt := range []struct {
		memory string
		args   []string
		want   string
	}{
		{"7500kB", []string{"eval"}, `1797 images of 64x64 would take 7\.5 MB of memory, but only 7\.2 MB may be used`},
		{"8MB", []string{"eval"}, `evaluating the network on images of 64x64x1, 1 at a time, would take 1\.[0-9] MB of memory, but only 269 kB may be used`},
		{"12MB", []string{"eval", "--orders", "1"}, "--orders: reading this network's polynomial"},
		{"20MB", []string{"eval", "--orders", "1"}, ""},
		{"8500kB", []string{"explain", "--json"}, ""}, // a few of the images suffice
	} {
		var out, stderr bytes.Buffer
		Main(append(tt.args, "run", "--quiet", "--memory", tt.memory), &out, &stderr)
		if text := stderr.String(); tt.want == "" && text != "" || !strings.HasPrefix(text, "taylornet: ") && tt.want != "" || !regexp.MustCompile(tt.want).MatchString(text) {
			t.Errorf("%v in %s: %s, want %q", tt.args, tt.memory, text, tt.want)
		}
	}
}
