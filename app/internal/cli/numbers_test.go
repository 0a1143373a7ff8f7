package cli

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// modelOf returns a model whose parameters a function gives.
func modelOf(t *testing.T, net string, param func(i int) float64) string {
	t.Helper()
	n, err := spec.Parse(net)
	if err != nil {
		t.Fatal(err)
	}
	config := model.Config{Net: n, Normalisation: dataset.Normalisation{Mean: []float32{0.5}, Std: []float32{0.3}}, Classes: []string{"a", "b"}}
	for i := range n.NumParams() {
		config.Params = append(config.Params, float32(param(i)))
	}
	m, err := model.New(config)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestExplainAnyNumbers: the pages on a model are made or refused in a line, whatever its
// parameters are, and nothing is written that is not whole.
func TestExplainAnyNumbers(t *testing.T) {
	if testing.Short() {
		t.Skip("many pictures")
	}
	random := rng.New(1, "numbers")
	picture, err := filepath.Abs("../../../docs/images/three.png")
	if err != nil {
		t.Fatal(err)
	}
	for name, param := range map[string]func(i int) float64{
		"huge":     func(int) float64 { return 1e38 * (random.Float64() - 0.5) },
		"large":    func(int) float64 { return 1e17 * (random.Float64() - 0.5) },
		"tiny":     func(int) float64 { return 1e-38 * random.Float64() },
		"denormal": func(int) float64 { return 1e-44 },
		"equal":    func(int) float64 { return 1 },
		"tenth":    func(int) float64 { return 0.1 }, // means of these differ in the last place
		"zero":     func(int) float64 { return 0 },
		"nearly":   func(i int) float64 { return float64(math.Float32frombits(math.Float32bits(1) + uint32(i%2))) }, //nolint:gosec // a few
		"wide":     func(i int) float64 { return math.Pow(10, float64(i%70-35)) },
	} {
		for _, net := range []string{"Input(4,4,1) CG(2,2,1,2,2) Linear(2)", "Input(6,6,1) Taylor(3,order=2) Linear(2)"} {
			t.Run(name+" "+net, func(t *testing.T) {
				path := modelOf(t, net, param)
				t.Chdir(t.TempDir())
				for i, args := range [][]string{{"--second-order", picture}, {"--monomials", "--json"}} {
					var stdout, stderr bytes.Buffer
					out := fmt.Sprint("out-", i)
					status := Main(append([]string{"explain", path, "--quiet", "--out", out}, args...), &stdout, &stderr)
					_, err := os.Stat(filepath.Join(out, reportFile))
					if whole := err == nil; whole != (status == done) || status == misuse || strings.Count(stderr.String(), "\n") > 2 {
						t.Errorf("%q: exit status %d, the report is there: %v; %s", args, status, whole, stderr.String())
					}
					if left, err := os.ReadDir(out); err == nil && status != done {
						t.Errorf("%q: failed, but wrote %v; %s", args, left, stderr.String())
					}
				}
			})
		}
	}
}
