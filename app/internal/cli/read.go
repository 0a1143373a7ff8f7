package cli

import (
	"context"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/sweep"
)

// sized returns load for images of a size that the user chooses, or of a fixed one.
func sized(load func(context.Context, string, dataset.Options) (*dataset.Data, error), fixed bool) sweep.Load {
	return func(ctx context.Context, name string, size dataset.Size) (*dataset.Data, error) {
		return load(ctx, name, dataset.Options{Size: size, Fixed: fixed})
	}
}

// maxLeftOut is how many of the files that were left out a line names.
const maxLeftOut = 5

// sayRead notes what was read and what was left out.
func (a *app) sayRead(data *dataset.Data) {
	for _, line := range readLines(data) {
		a.notef("%s", line)
	}
}

// readLines says what was read and what was left out.
func readLines(data *dataset.Data) []string {
	r := data.Read
	lines := []string{fmt.Sprintf("%s: read %s of %s", data.Name, plural(r.Images, "image"), classes(r.Classes))}
	for i, l := range r.LeftOut {
		if i == maxLeftOut {
			lines = append(lines, fmt.Sprintf("left out: %d more", len(r.LeftOut)-i))
			break
		}
		images := ""
		if l.Images > 0 {
			images = " (" + plural(l.Images, "image") + ")"
		}
		lines = append(lines, fmt.Sprintf("left out: %s%s: %s", l.Name, images, l.Reason))
	}
	for _, note := range r.Notes {
		lines = append(lines, "note: "+note)
	}
	return lines
}

func classes(n int) string {
	if n == 1 {
		return "1 class"
	}
	return fmt.Sprintf("%s classes", count(n))
}
