package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/app/internal/plain"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

// pictureFlags say how pictures are made into images as a model takes them.
type pictureFlags struct {
	invert  model.Invert
	prepare model.PreparationKind
}

func (f *pictureFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.TextVar(&f.invert, "invert", model.InvertAuto, "exchange light and dark: `auto`, yes or no")
	completeFlag(cmd, "invert", completeOf(string(model.InvertAuto), string(model.InvertYes), string(model.InvertNo)))
	var kinds []string
	for _, kind := range model.PreparationKinds() {
		kinds = append(kinds, string(kind))
	}
	flags.TextVar(&f.prepare, "prepare", model.PrepareAuto,
		"how pictures become images: `auto` as the training images did, none, drawing, crop or whole")
	completeFlag(cmd, "prepare", completeOf(kinds...))
}

func (f *pictureFlags) options() model.Options {
	return model.Options{Invert: f.invert, Prepare: f.prepare}
}

// unreadableOf returns an error that lists the pictures of a folder that could not be
// read; nil if all were.
func unreadableOf(read dataset.Read) error {
	var list []model.UnreadableFile
	for _, l := range read.LeftOut {
		if l.Unreadable {
			list = append(list, model.UnreadableFile{File: l.Name, Error: l.Reason})
		}
	}
	return unreadable(list, read.Images+len(list))
}

// unreadable returns an error that lists pictures that could not be read; nil if all were.
func unreadable(list []model.UnreadableFile, pictures int) error {
	if len(list) == 0 {
		return nil
	}
	var faults []string
	for _, u := range list {
		faults = append(faults, u.File+": "+u.Error)
	}
	return fmt.Errorf("%d of %s could not be read: %s", len(faults), plural(pictures, "picture"), strings.Join(faults, "; "))
}

// warnOutside warns of pictures that got no answer.
func (a *app) warnOutside(pictures int) {
	if pictures > 0 {
		fmt.Fprintf(a.stderr, "warning: %s unlike the training images: an answer there means nothing\n", plural(pictures, "picture"))
	}
}

// pictureName returns the name, without its ending, of a file that is written of picture i,
// counted from 0: its number, the name of the picture's file, and what the file is, if it is
// not empty. File systems take names of 255 bytes, so a long one is cut.
func pictureName(i int, file, what string) string {
	const longest = 120
	stem := plain.FileName(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), longest)
	if what != "" {
		what = "-" + what
	}
	return fmt.Sprintf("%d-%s%s", i+1, cmp.Or(stem, "picture"), what)
}

// shower makes a folder and returns what writes pictures there as the network took them,
// one after another, as PNG files.
func shower(dir string, m *model.Model) (func(model.FilePrediction) error, error) {
	in, i := m.Net().Input, 0
	return func(p model.FilePrediction) error {
		set := dataset.Set{H: in.H, W: in.W, C: in.C, Pixels: p.Pixels}
		i++
		return writePNG(filepath.Join(dir, pictureName(i-1, p.File, "")+".png"), set.Picture(0))
	}, makeDir(dir)
}
