package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
