package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/pretrained"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/train"
)

// network is a network that the command line names.
type network struct {
	name   string
	source string // in the notation
	preset string // the preset that it is, or is an ablation of; "" if there is none
	*spec.Net
	model *model.Model // nil if it is not trained
	bytes int64        // of the model's file; 0 if there is none
}

// readNetwork returns the network that an argument means: the notation itself, a preset,
// a file in the notation, a model file or a run folder; or an ablation of one,
// as in mnist:linear.
func readNetwork(arg string) (*network, error) {
	of, ablation, ok := cutLast(arg, ":")
	if !ok || !slices.Contains(spec.Ablations(), ablation) {
		return readGiven(arg)
	}
	n, err := readGiven(of)
	if err != nil {
		return nil, err
	}
	twin, err := n.Ablation(ablation)
	if err != nil {
		return nil, usagef("%s: %w", of, err)
	}
	return &network{name: arg, source: twin.String(), preset: n.preset, Net: twin, bytes: n.bytes}, nil
}

// cutLast cuts text about the last sep.
func cutLast(text, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return text, "", false
}

func readGiven(arg string) (*network, error) {
	if strings.Contains(arg, "(") {
		net, err := spec.Parse(arg)
		if err != nil {
			return nil, usagef("network: %w", err)
		}
		return &network{name: "network", source: arg, Net: net}, nil
	}
	if net, ok := spec.Preset(arg); ok {
		source, _ := spec.PresetSource(arg)
		return &network{name: arg, source: source, preset: arg, Net: net}, nil
	}
	path := modelPath(arg)
	text, err := isText(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && path == arg:
		return nil, usagef("unknown network %q: want %s, a file, a model, or the notation itself, as in 'Input(8,8,1) CG(2,2,1,2,2) Linear(10)'",
			arg, strings.Join(spec.Presets(), ", "))
	case err != nil:
		return nil, fmt.Errorf("reading network: %w", err)
	case !text:
		return readModelNetwork(path)
	}
	content, err := fsx.ReadFile(path, maxNotation)
	if err != nil {
		return nil, fmt.Errorf("reading network: %w", err)
	}
	net, err := spec.Parse(string(content))
	if err != nil {
		return nil, fmt.Errorf("reading network %s: %w", path, err)
	}
	return &network{name: path, source: string(content), Net: net}, nil
}

func readModelNetwork(path string) (*network, error) {
	m, err := model.Load(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &network{name: path, source: m.Net().String(), Net: m.Net(), model: m, bytes: info.Size()}, nil
}

// maxNotation is the largest number of bytes of a file in the notation.
const maxNotation = 1 << 20

// isText reports whether a file begins as a text does. A model file does not: it begins
// with a number of 8 bytes, of which the highest are 0.
func isText(path string) (bool, error) {
	f, err := fsx.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var start [8]byte
	n, err := io.ReadFull(f, start[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return bytes.IndexByte(start[:n], 0) < 0, nil
}

// modelPath returns the file of a model that is given as a file or as a run folder.
func modelPath(arg string) string {
	if info, err := os.Stat(arg); err == nil && info.IsDir() {
		return filepath.Join(arg, train.ModelFile)
	}
	return arg
}

// trainedPrefix before the name of a trained model says that no file is meant.
const trainedPrefix = "pretrained:"

// loadModel returns the model in a file or a run folder, or else the trained model of that
// name.
func (a *app) loadModel(arg string, opts model.Options) (*model.Model, error) {
	opts.Memory = a.memory.bytes
	name, trained := strings.CutPrefix(arg, trainedPrefix)
	if _, err := os.Stat(arg); (trained || errors.Is(err, fs.ErrNotExist)) && pretrained.Has(name) {
		return pretrained.Load(name, opts)
	}
	m, err := model.Load(modelPath(arg), opts)
	switch {
	case err == nil:
		return m, nil
	case pretrained.Has(arg):
		return nil, hidden(arg, err)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return nil, fmt.Errorf("%w: give a model file or a run folder, as taylornet train makes them, or the name of a trained model: %s",
		err, strings.Join(pretrained.Names(), ", "))
}

// hidden returns the error about a file or folder that has the name of a trained model.
func hidden(name string, err error) error {
	what := "file here that is not a model"
	if info, statErr := os.Stat(name); statErr == nil && info.IsDir() {
		what = "folder here without " + train.ModelFile
	}
	return fmt.Errorf("%s is a %s: for the trained model of that name give %s%s: %w", name, what, trainedPrefix, name, err)
}

// noteHidden says which of the names are those of files or folders here, and of trained
// models too.
func (a *app) noteHidden(names ...string) {
	for _, name := range names {
		if _, err := os.Stat(name); err == nil && pretrained.Has(name) {
			a.notef("note: %s is the model in this folder; give %s%s for the trained model of that name", name, trainedPrefix, name)
		}
	}
}

// loadTeacher returns the teacher that settings name, for the run with this seed. The name
// is a model file, a run folder, a folder of runs seed-N, or that of a trained model. For
// "" there is no teacher.
func (a *app) loadTeacher(name string, seed uint64) (*model.Model, error) {
	if name == "" {
		return nil, nil
	}
	m, err := a.readTeacher(name, seed)
	if err != nil {
		return nil, fmt.Errorf("teacher: %w", err)
	}
	return m, nil
}

func (a *app) readTeacher(name string, seed uint64) (*model.Model, error) {
	ofRun, ofSeed := filepath.Join(name, train.ModelFile), filepath.Join(train.SeedDir(name, seed), train.ModelFile)
	for _, file := range []string{ofRun, ofSeed, name} {
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return model.Load(file, model.Options{Memory: a.memory.bytes})
		}
	}
	if _, err := os.Stat(name); err == nil {
		err = fmt.Errorf("%s has neither %s nor %s", name, train.ModelFile, filepath.Join(train.SeedDir("", seed), train.ModelFile))
		if pretrained.Has(name) {
			err = hidden(name, err)
		}
		return nil, err
	}
	return a.loadModel(name, model.Options{})
}

// dataNames lists the known data sets.
func dataNames() []string {
	var names []string
	for _, info := range dataset.List(dataset.Options{}) {
		names = append(names, info.Name)
	}
	return names
}

// isKnown reports whether a data set is known by this name.
func isKnown(name string) bool { return slices.Contains(dataNames(), name) }

// dataSource returns what a run records of --data: the name of a known set, or the full
// path of a folder, so that the run can be resumed from anywhere.
func dataSource(arg string) (string, error) {
	if isKnown(arg) {
		return arg, nil
	}
	if info, err := os.Stat(arg); err == nil && info.IsDir() {
		return filepath.Abs(arg)
	}
	return arg, nil
}

// loadGiven loads the data set that --data names.
func (a *app) loadGiven(ctx context.Context, name string, opts dataset.Options) (*dataset.Data, error) {
	data, err := a.load(ctx, name, opts)
	if errors.Is(err, dataset.ErrUnknown) {
		return nil, &usageError{err}
	}
	if err == nil && a.hidesFolder(name) {
		a.notef("note: %s is the known data set; give .%c%s for the folder here", name, filepath.Separator, name)
	}
	return data, err
}

// hidesFolder reports whether a known data set has the name of a folder here that is not
// where it was found.
func (a *app) hidesFolder(name string) bool {
	here, err := os.Stat(name)
	if err != nil || !here.IsDir() {
		return false
	}
	for _, info := range a.listed([]string{name}) {
		found, err := os.Stat(info.Path)
		return err != nil || !os.SameFile(here, found)
	}
	return false
}

// loadRecorded loads the data set that a network was trained on.
func (a *app) loadRecorded(ctx context.Context, name string, opts dataset.Options) (*dataset.Data, error) {
	data, err := a.load(ctx, name, opts)
	if errors.Is(err, dataset.ErrUnknown) {
		return nil, fmt.Errorf("the data that it was trained on are gone: %w; if they were moved, name their folder with --data", err)
	}
	return data, err
}

// sizeOf returns the size of images that a network takes.
func sizeOf(n *spec.Net) dataset.Size { return dataset.Size{H: n.Input.H, W: n.Input.W} }

// sizeFlag is a height and width, as in 28x28, or 28 for a square.
type sizeFlag struct{ dataset.Size }

func (s *sizeFlag) Type() string { return "HxW" }

func (s *sizeFlag) String() string {
	if s.Size == (dataset.Size{}) {
		return ""
	}
	return fmt.Sprintf("%dx%d", s.H, s.W)
}

// Set reads a size.
func (s *sizeFlag) Set(text string) error {
	before, after, ok := strings.Cut(text, "x")
	if !ok {
		after = before
	}
	h, errH := strconv.Atoi(before)
	w, errW := strconv.Atoi(after)
	if errH != nil || errW != nil || min(h, w) < 1 {
		return errors.New("want height x width in pixels, as in 28x28, or 28")
	}
	s.H, s.W = h, w
	return nil
}

// atLeast is like cobra.MinimumNArgs, with an error that names what is missing.
func atLeast(what ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(what) {
			return fmt.Errorf("missing %s", strings.Join(what[len(args):], " and "))
		}
		return nil
	}
}

// exactly is like cobra.ExactArgs, with an error that names what is missing or left over.
func exactly(what ...string) cobra.PositionalArgs {
	return cobra.MatchAll(atLeast(what...), atMost(len(what)))
}

func atMost(n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return fmt.Errorf("unexpected argument %q", args[n])
		}
		return nil
	}
}

// expand returns the files that arguments name. Where the shell leaves wildcards as they
// are, as on Windows or in quotes, * and ? stand for parts of a name; a file of that very
// name comes first.
func expand(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		if _, err := os.Lstat(arg); err == nil || !strings.ContainsAny(arg, "*?") {
			files = append(files, arg)
			continue
		}
		matches, err := filepath.Glob(strings.ReplaceAll(arg, "[", "[[]")) // brackets are part of names
		if err != nil {
			return nil, fmt.Errorf("%s: %w", arg, err)
		}
		found := len(files)
		for _, file := range matches {
			if base := filepath.Base(file); !strings.HasPrefix(base, ".") || strings.HasPrefix(filepath.Base(arg), ".") {
				files = append(files, file)
			}
		}
		if len(files) == found {
			return nil, fmt.Errorf("%s: no file has a name like this", arg)
		}
	}
	return files, nil
}
