package train

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/tensor"
)

// TestMemory makes a run in more and in less memory. It is the same run or none.
func TestMemory(t *testing.T) {
	for name, cfg := range map[string]Config{"plain": small(), "graded": graded()} {
		t.Run(name, func(t *testing.T) { checkMemory(t, cfg) })
	}
	cfg := small()
	cfg.Net = "Input(8,8,1) Linear(65536) Linear(30000) Linear(10)"
	if _, err := Run(t.Context(), cfg, digits(t), Options{}); !errors.Is(err, tensor.ErrMemory) {
		t.Errorf("two thousand million weights: %v", err)
	}
}

func checkMemory(t *testing.T, cfg Config) {
	data := digits(t)
	cfg.Epochs = 1
	whole, err := Run(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, most := range []int64{1, 1 << 17, 1 << 19, 1 << 21, 1 << 23, 1 << 25, 1 << 40} {
		result, err := Run(t.Context(), cfg, data, Options{Workers: 8, Memory: most})
		switch {
		case err == nil:
			made++
			if !bytes.Equal(modelBytes(t, result), modelBytes(t, whole)) {
				t.Errorf("in %d bytes: another model", most)
			}
		case !errors.Is(err, tensor.ErrMemory) || strings.Contains(err.Error(), "\n") || made > 0:
			t.Errorf("in %d bytes: %v", most, err)
		}
	}
	if made == 0 || made == 7 {
		t.Errorf("made in %d of 7 sizes", made)
	}
}
