package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/taylor"
)

// TestOrderCharts draws studies of which all orders are known, and one without.
func TestOrderCharts(t *testing.T) {
	whole := &taylor.OrderStudy{
		Partial:      []taylor.PartialAccuracy{{Order: 0, Accuracy: 0.1}},
		Cancellation: &taylor.Cancellation{Median: 2, Worst: 3, Images: 1234},
		Orders:       []taylor.OrderShare{{Order: 0, Accuracy: 0.1, Size: 1e-3}, {Order: 1, Accuracy: 0.9, Size: 2}, {Order: 2, Accuracy: 1, Size: 30}},
	}
	part := &taylor.OrderStudy{Partial: []taylor.PartialAccuracy{{Order: 0, Accuracy: 0.1}, {Order: 1, Accuracy: 0.5}}, Note: "the degree is high"}
	zero := &taylor.OrderStudy{Cancellation: whole.Cancellation, Orders: []taylor.OrderShare{{Order: 0, Accuracy: 0.5}}}
	long := strings.Repeat("long/", 100)
	for _, tt := range []struct {
		name string
		in   []report.Orders
		want []string // in the charts: the accuracies, the sizes
	}{
		{"one", []report.Orders{{Name: "net", OrderStudy: whole}}, []string{"accuracy on 1,234 images", "largest |f_k|"}},
		{"control", []report.Orders{{Name: "net", OrderStudy: whole}, {Name: "control", OrderStudy: whole}}, []string{">control<", ">control<"}},
		{"not all orders", []report.Orders{{Name: "net", OrderStudy: part}}, []string{">net, all images<"}},
		{"not of one", []report.Orders{{Name: "net", OrderStudy: part}, {Name: "control", OrderStudy: whole}}, []string{">net, all images<", ">control<"}},
		{"of size zero", []report.Orders{{Name: "net", OrderStudy: zero}}, []string{">net<", "not drawn"}},
		{"a long name", []report.Orders{{Name: long, OrderStudy: whole}}, []string{">long/long", ">long/long"}},
	} {
		charts := report.OrderCharts(tt.in...)
		if len(charts) != len(tt.want) {
			t.Errorf("%s: %d charts, want %d", tt.name, len(charts), len(tt.want))
			continue
		}
		for i, c := range charts {
			var b bytes.Buffer
			if err := c.SVG(&b); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if text := b.String(); !strings.Contains(text, tt.want[i]) || strings.Contains(text, long) || strings.Contains(text, "NaN") {
				t.Errorf("%s: chart %q lacks %q, or is too long: %s", tt.name, c.Title, tt.want[i], text)
			}
		}
	}
	lines := report.OrderCharts(report.Orders{OrderStudy: whole})[0].Lines
	if len(lines) != 1 || len(lines[0].Y) != 3 || lines[0].Y[1] != 90 || lines[0].X[2] != 2 {
		t.Errorf("accuracies %+v", lines)
	}
}
