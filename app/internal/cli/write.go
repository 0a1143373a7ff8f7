package cli

import (
	"encoding/csv"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/taylor"
)

func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	return nil
}

func writeFile(path string, write func(w io.Writer) error) error {
	return fsx.WriteFile(fsx.OS{}, path, write)
}

func writeText(path string, text []byte) error {
	return writeFile(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

func writePNG(path string, img image.Image) error {
	return writeFile(path, func(w io.Writer) error { return png.Encode(w, img) })
}

// writeChart writes a chart as SVG and as PNG.
func writeChart(dir string, c report.NamedChart) error {
	if err := writeFile(filepath.Join(dir, c.Name+".svg"), c.SVG); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, c.Name+".png"), c.PNG)
}

// writeDistances writes the weights by distance, as they are and with shuffled pixels.
func writeDistances(dir string, s *taylor.Study) error {
	if err := writeCSV(filepath.Join(dir, "distances.csv"), report.DistanceRecords(s.Weights)); err != nil {
		return err
	}
	return writeCSV(filepath.Join(dir, "distances-shuffled.csv"), report.DistanceRecords(s.Shuffled))
}

func writeCSV(path string, records [][]string) error {
	return writeFile(path, func(w io.Writer) error { return csv.NewWriter(w).WriteAll(records) })
}
