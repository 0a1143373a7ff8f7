package report

import (
	_ "embed" // for the template
	"errors"
	"fmt"
	"html/template"
	"io"

	"github.com/coarsegrain/taylornet/app/internal/plain"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

// Input is the content of a report on a training run. Only Model is required. The report
// leaves out what is missing.
type Input struct {
	Title   string
	Command string // that repeats the run
	Model   *model.Model
	History []train.Metrics
	// Best is the index in History of the epoch whose weights Model has.
	Best    int
	Seconds float64 // that the run took
	// Test is the evaluation of Model on Images.
	Test   *model.Evaluation
	Images dataset.Subset
}

// The pages and the style that they share.
var (
	//go:embed report.html
	reportPage string
	//go:embed explain.html
	explainPage string
	//go:embed direct.html
	directPage string
	//go:embed gallery.html
	galleryPage string
	//go:embed classified.html
	classifiedPage string
	//go:embed parts.html
	parts string // of several pages
	//go:embed style.css
	style string
)

// Write writes the report, one HTML document. Equal inputs give equal bytes.
func Write(w io.Writer, in Input) error {
	if err := in.validate(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	page, err := newPage(&in)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return render(w, reportPage, page)
}

// render writes one of the pages.
func render(w io.Writer, source string, page any) error {
	t := template.New("report").Funcs(template.FuncMap{
		"count": Count, "percent": percent, "degree": degree, "figures": significant, "bounds": bounds,
	})
	for name, text := range map[string]string{"page": source, "parts": parts, "style": style} {
		if _, err := t.New(name).Parse(text); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	if err := t.ExecuteTemplate(plain.Writer{Writer: w}, "page", page); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// validate returns an error if the parts do not belong together.
func (in *Input) validate() error {
	if in.Model == nil {
		return errors.New("there is no model")
	}
	if in.Test == nil {
		return nil
	}
	classes := len(in.Model.Classes())
	if err := checkConfusion(in.Test.Confusion, classes); err != nil {
		return err
	}
	for _, m := range in.Test.Mistakes {
		if in.Images.Set != nil && (m.Index < 0 || m.Index >= in.Images.Len()) {
			return fmt.Errorf("image %d of the evaluation is not among the %d images given", m.Index, in.Images.Len())
		}
		if min(m.Label, m.Predicted) < 0 || max(m.Label, m.Predicted) >= classes {
			return fmt.Errorf("image %d of the evaluation has the classes %d and %d of %d", m.Index, m.Label, m.Predicted, classes)
		}
	}
	return nil
}
