package train

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var seen []string
	cfg := small()
	cfg.Epochs, cfg.Batch = 2, 512
	_, err := Run(t.Context(), cfg, digits(t), Options{SaveEvery: time.Nanosecond, Progress: func(p Progress) {
		seen = append(seen, fmt.Sprintf("%d/%d %d/%d %v", p.Epoch, p.Epochs, p.Step, p.Steps, p.Finished != nil))
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := "1/2 1/2 false,1/2 2/2 false,1/2 2/2 true,2/2 1/2 false,2/2 2/2 false,2/2 2/2 true"
	if got := strings.Join(seen, ","); got != want {
		t.Errorf("progress\n got %s\nwant %s", got, want)
	}
}
