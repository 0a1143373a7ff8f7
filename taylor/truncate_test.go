package taylor_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/taylor"
)

// differences returns how far the logits of a truncated model are from the orders' sums, in
// float32 as it runs and in float64: the largest, as a fraction of an image's largest logit.
func differences(t *testing.T, m, truncated *model.Model, set *dataset.Set, images, order int) (single, double float64) {
	t.Helper()
	net, err := taylor.FromModel(m, taylor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	exact, run := float64Program(t, truncated), float32Program(t, truncated)
	for i := range images {
		l, err := net.Line(t.Context(), taylor.Mean(m), taylor.Point(set.Image(i)))
		if err != nil {
			t.Fatal(err)
		}
		want, largest := make([]float64, net.K), 0.0
		for k, orders := range l.ByOrder() {
			for c, v := range orders {
				if k <= order {
					want[c] += v
				}
			}
		}
		for _, v := range want {
			largest = max(largest, math.Abs(v))
		}
		x, y := exact(taylor.Point(set.Image(i))), run(set.Image(i))
		for c, v := range want {
			single, double = max(single, math.Abs(float64(y[c])-v)/largest), max(double, math.Abs(x[c]-v)/largest)
		}
	}
	return single, double
}

// A truncated model computes the sum of the orders, also once it was written and read.
func TestTruncate(t *testing.T) {
	for name, source := range map[string]string{
		"deep": studied, "linear": "Input(3,2,1) Linear(4)", "direct": "Input(3,2,2) Taylor(3,order=3)",
		"gain": "Input(3,3,2) Conv(3,3,3,1,1,1) Gain(2) CG(1,1,3,1,1) Norm Gain(9) AvgPool Linear(3)",
	} {
		t.Run(name, func(t *testing.T) {
			m, set := untrained(t, source, 5)
			for order := 1; order <= 2; order++ {
				truncated, err := taylor.Truncate(t.Context(), m, order, taylor.Options{Workers: 2}, nil)
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), "order.safetensors")
				if err := truncated.Save(file); err != nil {
					t.Fatal(err)
				}
				if truncated, err = model.Load(file); err != nil {
					t.Fatal(err)
				}
				if single, double := differences(t, m, truncated, set, set.Len(), order); !(single <= 1e-4 && double <= 1e-6) {
					t.Errorf("order %d: off by %.2g in float32, %.2g in float64", order, single, double)
				}
				if got := truncated.Net().Degree(); got != order {
					t.Errorf("the degree is %d, want %d", got, order)
				}
			}
		})
	}
}

// The record keeps what it said of the data, and says what the model is of.
func TestTruncateRecord(t *testing.T) {
	m, _ := untrained(t, studied, 0)
	cfg := m.Config()
	cfg.Training = json.RawMessage(`{"config":{"data":"noise"},"test_accuracy":0.5}`)
	m, err := model.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	truncated, err := taylor.Truncate(t.Context(), m, 2, taylor.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var record struct {
		Config struct {
			Data string `json:"data"`
		} `json:"config"`
		TestAccuracy *float64         `json:"test_accuracy"`
		Truncated    taylor.Truncated `json:"truncated"`
	}
	if err := json.Unmarshal(truncated.Training(), &record); err != nil {
		t.Fatal(err)
	}
	hash, err := m.Hash()
	if err != nil {
		t.Fatal(err)
	}
	if record.Config.Data != "noise" || record.TestAccuracy != nil || record.Truncated.SHA256 != hash || record.Truncated.Order != 2 || record.Truncated.Degree != 4 {
		t.Errorf("%s", truncated.Training())
	}
}

func TestTruncateErrors(t *testing.T) {
	m, _ := untrained(t, studied, 0)
	for _, order := range []int{-1, 0, 3} {
		if _, err := taylor.Truncate(t.Context(), m, order, taylor.Options{}, nil); err == nil {
			t.Errorf("order %d: no error", order)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := taylor.Truncate(ctx, m, 2, taylor.Options{}, nil); !errors.Is(err, taylor.ErrInterrupted) {
		t.Errorf("a context that ended: %v", err)
	}
	relu, _ := untrained(t, "Input(6,6,2) ReLU Linear(3)", 0)
	if _, err := taylor.Truncate(t.Context(), relu, 2, taylor.Options{}, nil); !errors.Is(err, taylor.ErrNotPolynomial) {
		t.Errorf("ReLU: %v", err)
	}
}

// TestTruncateMNIST holds the second order of a trained model against the model's.
func TestTruncateMNIST(t *testing.T) {
	if *images <= 25 {
		t.Skip("takes a minute: give -images 100")
	}
	data, err := dataset.Load(t.Context(), "mnist", dataset.Options{Dirs: []string{os.Getenv("TAYLORNET_DATA")}})
	if errors.Is(err, dataset.ErrNotFound) {
		t.Skip("mnist is not there: set TAYLORNET_DATA")
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Load("../pretrained/mnist-readable.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	truncated, err := taylor.Truncate(t.Context(), m, 2, taylor.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	single, double := differences(t, m, truncated, data.Test, *images, 2)
	t.Logf("the logits are within %.1e of the orders' sum in float32, %.1e in float64", single, double)
	if !(single <= 1e-5 && double <= 1e-6) {
		t.Error("want 1e-5 in float32, 1e-6 in float64")
	}
	if size := 4 * len(truncated.Params()); size > 20<<20 {
		t.Errorf("the model has %d bytes, want at most 20 MB", size)
	}
}
