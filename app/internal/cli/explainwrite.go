package cli

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/safetensors"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/taylor"
)

// writeAnalysis writes a folder: the page, its pictures, the second order if it was
// asked for, and everything as JSON.
func writeAnalysis(dir string, m *model.Model, a *taylor.Analysis, command string) error {
	if a.Study != nil {
		if err := checkSingle(a.Quadratic); err != nil {
			return err
		}
	}
	text, err := encode(a)
	if err != nil {
		return err
	}
	if err := makeDir(dir); err != nil {
		return err
	}
	page := report.Explained{Title: "What " + filepath.Base(a.Model) + " computes", Command: command, Model: m, Analysis: a}
	for i, sheet := range report.MapPictures(a.Maps) {
		if err := writePNG(filepath.Join(dir, report.MapsName(i)+".png"), sheet); err != nil {
			return err
		}
	}
	in := m.Net().Input
	for i, e := range a.Images {
		set := dataset.Set{H: in.H, W: in.W, C: in.C, Pixels: e.Pixels}
		picture := set.Picture(0)
		page.Pictures = append(page.Pictures, picture)
		for end, picture := range report.ExplainedPictures(picture, e) {
			if err := writePNG(filepath.Join(dir, pictureName(i, e.File, end)+".png"), picture); err != nil {
				return err
			}
		}
		for _, c := range report.ExplainedCharts(e, m.Classes()) {
			c.Name = pictureName(i, e.File, c.Name)
			if err := writeChart(dir, c); err != nil {
				return err
			}
		}
	}
	if a.Study != nil {
		if err := writeSecondOrder(dir, a); err != nil {
			return err
		}
	}
	for k, t := range report.DrawnTemplates(a) {
		if err := writePNG(filepath.Join(dir, pictureName(k, t.Class, "templates")+".png"), report.TemplateSheet(&t, in)); err != nil {
			return err
		}
		if t.Patterns == nil || len(t.Patterns.Pictures) == 0 {
			continue
		}
		if err := writePNG(filepath.Join(dir, pictureName(k, t.Class, "patterns")+".png"), report.PatternSheet(t.Patterns, in)); err != nil {
			return err
		}
	}
	if err := writeText(filepath.Join(dir, explainFile), text); err != nil {
		return err
	}
	return writeFile(a.Report, func(w io.Writer) error { return report.WriteExplained(w, page) })
}

// secondOrderFile has the polynomial up to the second order: constant [K], linear
// [K,n] and products [K,n,n], symmetric, for n = H*W*C inputs.
const secondOrderFile = "second-order.safetensors"

// checkSingle returns an error if a coefficient is too large for the file, which has 32
// bits for each.
func checkSingle(q *taylor.Quadratic) error {
	for _, list := range slices.Concat([][]float64{q.Constant}, q.Linear, q.Products) {
		for _, v := range list {
			if math.Abs(v) > math.MaxFloat32 {
				return fmt.Errorf("--second-order: a coefficient is %.3g, too large for %s: use --json without --out", v, secondOrderFile)
			}
		}
	}
	return nil
}

// writeSecondOrder writes the second-order coefficients and their study.
func writeSecondOrder(dir string, a *taylor.Analysis) error {
	for _, c := range report.DistanceCharts(a.Study) {
		if err := writeChart(dir, c); err != nil {
			return err
		}
	}
	if err := writeDistances(dir, a.Study); err != nil {
		return err
	}
	single := func(lists ...[]float64) []float32 {
		to := make([]float32, 0, len(lists)*len(lists[0]))
		for _, list := range lists {
			for _, v := range list {
				to = append(to, float32(v))
			}
		}
		return to
	}
	q := a.Quadratic
	k, n := len(q.Constant), len(q.Linear[0])
	file := &safetensors.File{
		Metadata: map[string]string{"model": a.Model, "about": a.About},
		Tensors: []safetensors.Tensor{
			{Name: "constant", Shape: []int{k}, Data: single(q.Constant)},
			{Name: "linear", Shape: []int{k, n}, Data: single(q.Linear...)},
			{Name: "products", Shape: []int{k, n, n}, Data: single(q.Products...)},
		},
	}
	return writeFile(filepath.Join(dir, secondOrderFile), func(w io.Writer) error { return safetensors.Write(w, file) })
}
