package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/internal/safetensors"
	"github.com/coarsegrain/taylornet/taylor"
)

// secondOrderFile has the polynomial up to the second order: constant [K], linear
// [K,n] and products [K,n,n], symmetric, for n = H*W*C inputs.
const secondOrderFile = "second-order.safetensors"

// maxSecondOrder bounds the coefficients that are held at once.
const maxSecondOrder = 400_000_000

// secondOrder computes all second-order coefficients, writes them to dir unless
// that is empty, and studies them against distance.
func (a *app) secondOrder(ctx context.Context, net *taylor.Net, about []float64, training *dataset.Set, dir string, out *explainOutput) error {
	n := net.Input.Size()
	if n > maxSecondOrder/n/net.K {
		return fmt.Errorf("--second-order: %d inputs have %d products for each of %d logits, at most %d fit in all", n, n*n, net.K, maxSecondOrder)
	}
	show, done := a.progress("second order", n)
	q, err := net.Quadratic(ctx, about, 0, show)
	done()
	if err != nil {
		return err
	}
	var active []bool
	if training != nil {
		active = seen(training)
	}
	sites := make([]int32, net.Input.H*net.Input.W)
	rng.Permutation(sites, 1, "pixels", 0)
	var permutation []int32
	for _, s := range sites {
		for c := range net.Input.C {
			permutation = append(permutation, s*int32(net.Input.C)+int32(c))
		}
	}
	out.study = taylor.StudyDistances(net.Input, []taylor.Weighed{{Quadratic: q, Active: active}})
	if active != nil {
		moved := make([]bool, n)
		for i, from := range permutation {
			moved[i] = active[from]
		}
		active = moved
	}
	out.control = taylor.StudyDistances(net.Input, []taylor.Weighed{{Quadratic: q.Shuffled(permutation), Active: active}})
	out.Study = newStudyOutput(out.study, out.control)
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	if err := writeDistances(dir, out.study, out.control); err != nil {
		return err
	}
	for _, c := range report.DistanceCharts(out.study, out.control) {
		if err := writeChart(dir, c); err != nil {
			return err
		}
	}
	return writeQuadratic(filepath.Join(dir, secondOrderFile), q, out)
}

func writeQuadratic(path string, q *taylor.Quadratic, out *explainOutput) error {
	single := func(lists ...[]float64) (to []float32) {
		for _, v := range slices.Concat(lists...) {
			to = append(to, float32(v))
		}
		return to
	}
	k, n := len(q.Constant), len(q.Linear[0])
	file := &safetensors.File{
		Metadata: map[string]string{"model": out.Model, "about": out.About},
		Tensors: []safetensors.Tensor{
			{Name: "constant", Shape: []int{k}, Data: single(q.Constant)},
			{Name: "linear", Shape: []int{k, n}, Data: single(q.Linear...)},
			{Name: "products", Shape: []int{k, n, n}, Data: single(q.Products...)},
		},
	}
	return writeFile(path, func(w io.Writer) error { return safetensors.Write(w, file) })
}

// progress shows how far work is: a bar on a terminal, elsewhere a line each
// fifth. show may be called from several goroutines; done ends it.
func (a *app) progress(what string, total int) (show func(n, total int), done func()) {
	if a.quiet {
		return nil, func() {}
	}
	if isTerminal(a.err) {
		bar := newBar(a.err, int64(total))
		bar.Describe(what)
		return func(int, int) { _ = bar.Add(1) }, func() { _ = bar.Clear() }
	}
	var mutex sync.Mutex
	shown := 0
	return func(n, total int) {
		mutex.Lock()
		defer mutex.Unlock()
		if fifth := 5 * n / total; fifth > shown {
			shown = fifth
			a.notef("%s: %d %%", what, 20*fifth)
		}
	}, func() {}
}
