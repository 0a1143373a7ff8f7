package cli

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"maps"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

// evalData loads the data that the flags name, or the data of the model's training.
// Images that the model does not take are not made.
func (a *app) evalData(ctx context.Context, m *model.Model, f *evalFlags) (*dataset.Data, error) {
	if own := (&sizeFlag{sizeOf(m.Net())}); cmp.Or(f.size, *own) != *own {
		return nil, fmt.Errorf("%w: images of %v, it takes %v: resize with --size %v", model.ErrShape, &f.size, own, own)
	}
	data, err := a.source(ctx, m, f)
	if err == nil && f.byPosition {
		err = rename(data, m.Classes())
	}
	return data, err
}

// source loads the data with the classes that they have.
func (a *app) source(ctx context.Context, m *model.Model, f *evalFlags) (*dataset.Data, error) {
	record := train.ReadRecord(m)
	if f.data != "" {
		return a.givenData(ctx, m, f)
	}
	if record.Config.Data == "" {
		return nil, usagef("the model does not say what it was trained on: name a data set with --data")
	}
	data, err := a.loadFor(ctx, m, record.Config.Data, a.options(m, f))
	if err != nil {
		return nil, err
	}
	if f.size.Size == (dataset.Size{}) && record.DataSHA256 != "" && !train.TrainedOn(m, data) {
		a.notef("note: the images of %s are no longer those that the model was trained on", record.Config.Data)
	}
	return data, nil
}

// givenData loads the data that --data names. Those that the model was trained on are read
// as they were then. Of any other folder the pictures are prepared for the model, and to
// measure on one without parts for training and testing, all are read.
func (a *app) givenData(ctx context.Context, m *model.Model, f *evalFlags) (*dataset.Data, error) {
	opts, own := a.options(m, f), sizeOf(m.Net())
	if isKnown(f.data) {
		return a.loadGiven(ctx, f.data, opts)
	}
	if on := train.ReadRecord(m).Config.Data; on != "" && !isKnown(on) {
		as := opts
		as.Size = own
		if data, err := a.loadGiven(ctx, f.data, as); err == nil && train.TrainedOn(m, data) {
			return data, nil
		}
	}
	p := newPreparer(m)
	prepared := opts
	prepared.Size, prepared.Channels, prepared.Prepare = own, m.Net().Input.C, p.prepare
	prepared.Whole = f.measures && f.split == "test"
	data, err := a.loadGiven(ctx, f.data, prepared)
	if err != nil {
		return nil, err
	}
	if p.pictures == 0 && opts.Size != (dataset.Size{}) { // no pictures, but a data set's files
		return a.loadGiven(ctx, f.data, opts)
	}
	data.Read.Notes = append(data.Read.Notes, p.said()...)
	return data, nil
}

// preparer prepares the pictures of a folder for a model and counts what was done.
type preparer struct {
	model    *model.Model
	pictures int
	notes    map[string]int
}

func newPreparer(m *model.Model) *preparer { return &preparer{model: m, notes: map[string]int{}} }

func (p *preparer) prepare(img image.Image) ([]uint8, error) {
	prepared, err := p.model.Prepare(img)
	if err != nil {
		return nil, err
	}
	p.pictures++
	for _, note := range prepared.Notes {
		p.notes[note]++
	}
	return prepared.Pixels, nil
}

// maxPrepared is how many kinds of preparation are said.
const maxPrepared = 5

// said says what was done to how many pictures, the most frequent first.
func (p *preparer) said() (lines []string) {
	notes := slices.Sorted(maps.Keys(p.notes))
	slices.SortStableFunc(notes, func(a, b string) int { return cmp.Compare(p.notes[b], p.notes[a]) })
	for _, note := range notes[:min(maxPrepared, len(notes))] {
		lines = append(lines, fmt.Sprintf("%s: %s", plural(p.notes[note], "picture"), note))
	}
	return lines
}

// options say how the data are read, in the memory that the model leaves.
func (a *app) options(m *model.Model, f *evalFlags) dataset.Options {
	params := memory.Of[float32](float64(m.Net().NumParams()))
	return dataset.Options{Size: f.size.Size, Fixed: true, LeaveOut: f.measures, Memory: a.left(params)}
}

// loadFor loads the data set of a record. Unless a size is given, images are resized to
// what the model takes.
func (a *app) loadFor(ctx context.Context, m *model.Model, name string, opts dataset.Options) (*dataset.Data, error) {
	opts.Size = cmp.Or(opts.Size, sizeOf(m.Net()))
	return a.loadRecorded(ctx, name, opts)
}
