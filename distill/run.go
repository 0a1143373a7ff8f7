package distill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/internal/safetensors"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

var (
	// ErrInterrupted is wrapped by the error of a run whose context ended, together
	// with the context's cause. The work done so far is kept.
	ErrInterrupted = errors.New("distillation interrupted")
	// ErrExists is wrapped by the error of a new run in a folder that holds one.
	ErrExists = errors.New("the folder already holds a distillation")
)

// interrupted returns the error of work that ctx ended.
func interrupted(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
}

// ConfigFile is the name of the file in a run's folder that has the settings.
const ConfigFile = "config.json"

// lastFile has the images of the level in progress that are finished.
const lastFile = "last.safetensors"

// LevelFile returns the name of the file in a run's folder that has the references of a
// level, given the number of images per class.
func LevelFile(perClass int) string { return fmt.Sprintf("refs-%d.safetensors", perClass) }

// modelFile returns the name of a model's copy in a run's folder.
func modelFile(i int) string { return fmt.Sprintf("model-%d.safetensors", i+1) }

// Options have the settings that the outcome of a run does not depend on.
type Options struct {
	// Dir is the folder of the run, created if necessary. With "" nothing is written. Until
	// Run returns, the folder is the run's own: another gets an error that wraps
	// train.ErrInUse.
	Dir string
	// Resume continues the run in Dir. Its settings, images and models must be the same.
	Resume  bool
	Workers int // number of goroutines that compute; 0 means one per CPU
	// Memory is the number of bytes that the run may hold, its data included; 0 means half
	// of the machine's memory or of the control group's. A run that would need more is
	// refused with an error that wraps tensor.ErrMemory.
	Memory int64
	// Progress, if not nil, is called after every step and every level.
	Progress func(Progress)
	// Finished, if not nil, is called with the references while the folder is still the
	// run's own: more files can be written to it. Its error is that of Run.
	Finished func([]*References) error

	fs fsx.FS // a hook for tests; nil means the file system of the operating system
}

// Progress reports how far a run is.
type Progress struct {
	Level    int // in progress, counted from 1
	Levels   int // number of levels
	PerClass int // images per class of the level
	// Done and Total count, over all levels, the optimised images times their steps.
	Done, Total int
	// Finished has the references of the level, nil while they are in progress.
	Finished *References
}

// run is a run in progress.
type run struct {
	distiller
	opts        Options
	models      []string // hashes
	set         *dataset.Set
	fingerprint string
	results     []*References // of the finished levels
	done        int           // images times steps
}

// Run distils a training split level by level and returns the references of each
// level. The first model is the one that will classify. Further models, which must take
// the same images, vote with it on groups and images. If ctx is done, Run keeps its work
// and returns an error that wraps ErrInterrupted.
func Run(ctx context.Context, cfg Config, models []*model.Model, set *dataset.Set, opts Options) ([]*References, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	cfg = cfg.withDefaults()
	if opts.fs == nil {
		opts.fs = fsx.OS{}
	}
	if opts.Dir != "" {
		owner, err := fsx.Own(opts.Dir, train.ErrInUse)
		if err != nil {
			return nil, err
		}
		defer owner.Release()
		opts.fs = owner.FS(opts.fs)
	}
	r, err := newRun(cfg, models, set, opts)
	if err != nil {
		return nil, err
	}
	if err := r.open(models); err != nil {
		return nil, err
	}
	for len(r.results) < len(cfg.PerClass) {
		if err := r.level(ctx); err != nil {
			return nil, err
		}
	}
	if opts.Dir != "" {
		if err := os.Remove(r.path(lastFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	if opts.Finished != nil {
		return r.results, opts.Finished(r.results)
	}
	return r.results, nil
}

func newRun(cfg Config, models []*model.Model, set *dataset.Set, opts Options) (*run, error) {
	// The programs and what they compute have a half; the rest is for painting.
	left := max(1, memory.Rest(opts.Memory, float64(len(set.Pixels)))/2)
	nets, err := newEnsemble(models, set, cfg.Layer, engine.Options{Workers: opts.Workers, Memory: left})
	if err != nil {
		return nil, err
	}
	r := &run{distiller: distiller{Config: cfg, nets: nets, workers: opts.Workers, memory: left}, opts: opts, set: set, fingerprint: set.Fingerprint()}
	if r.leaves, _, err = train.Split(models[0], set); err != nil {
		return nil, err
	}
	if err := cfg.fits(r.leaves); err != nil {
		return nil, err
	}
	if r.models, err = hashes(models); err != nil {
		return nil, err
	}
	r.painter, err = r.newPainter()
	return r, err
}

// identity has what must be the same when a run is resumed.
type identity struct {
	Config      Config   `json:"config"`
	Models      []string `json:"models"`
	Fingerprint string   `json:"fingerprint"`
}

// Bounds on ConfigFile: its bytes, and the models that it names.
const (
	maxConfig = 1 << 20
	maxModels = 1000
)

// Exists reports whether a folder holds a distillation.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, ConfigFile))
	return err == nil
}

// ReadConfig returns the settings of the run in a folder and the paths of its models
// there, in order.
func ReadConfig(dir string) (cfg Config, models []string, err error) {
	var id identity
	path := filepath.Join(dir, ConfigFile)
	text, err := fsx.ReadFile(path, maxConfig)
	if err == nil {
		err = json.Unmarshal(text, &id)
	}
	if err == nil {
		err = id.Config.Validate()
	}
	if err == nil && (len(id.Models) == 0 || len(id.Models) > maxModels) {
		err = fmt.Errorf("%d models: want 1 to %d", len(id.Models), maxModels)
	}
	if err != nil {
		return Config{}, nil, fmt.Errorf("reading %s: %w", path, err)
	}
	for i := range id.Models {
		models = append(models, filepath.Join(dir, modelFile(i)))
	}
	return id.Config, models, nil
}

func (r *run) path(name string) string { return filepath.Join(r.opts.Dir, name) }

// open creates the folder of the run, or takes up the run in it.
func (r *run) open(models []*model.Model) error {
	if r.opts.Dir == "" {
		return nil
	}
	text, err := json.MarshalIndent(identity{r.Config, r.models, r.fingerprint}, "", "  ")
	if err != nil {
		return err
	}
	if r.opts.Resume {
		if there, err := fsx.ReadFile(r.path(ConfigFile), maxConfig); err != nil || !bytes.Equal(bytes.TrimSpace(there), text) {
			return fmt.Errorf("resuming %s: its settings, models or images differ from the ones given%s", r.opts.Dir, r.differing(there))
		}
		if err := fsx.RemoveTemp(r.opts.Dir); err != nil {
			return fmt.Errorf("resuming %s: %w", r.opts.Dir, err)
		}
		return r.restore()
	}
	if Exists(r.opts.Dir) {
		return fmt.Errorf("%s: %w", r.opts.Dir, ErrExists)
	}
	if err := fsx.RemoveTemp(r.opts.Dir); err != nil { // left by a run that was killed at its start
		return err
	}
	for i, m := range models {
		if err := fsx.WriteFile(r.opts.fs, r.path(modelFile(i)), m.Write); err != nil {
			return err
		}
	}
	return fsx.WriteBytes(r.opts.fs, r.path(ConfigFile), append(text, '\n'))
}

// differing says which parts of the identity in a folder differ from the run's.
func (r *run) differing(text []byte) string {
	var there identity
	if json.Unmarshal(text, &there) != nil {
		return ""
	}
	var parts []string
	for _, part := range []struct {
		name string
		same bool
	}{
		{"settings", reflect.DeepEqual(there.Config, r.Config)},
		{"models", slices.Equal(there.Models, r.models)},
		{"images", there.Fingerprint == r.fingerprint},
	} {
		if !part.same {
			parts = append(parts, part.name)
		}
	}
	return ": other " + strings.Join(parts, " and ")
}

// restore reads the levels that are finished.
func (r *run) restore() error {
	for i, k := range r.PerClass {
		refs, err := Load(r.path(LevelFile(k)))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("resuming: %w", err)
		}
		same := reflect.DeepEqual(refs.Config, r.Config) && slices.Equal(refs.Models, r.models) && refs.Fingerprint == r.fingerprint
		if !same || len(refs.Groups) != i+1 || len(refs.Groups[0]) != r.set.Len() {
			return fmt.Errorf("resuming %s: %s belongs to another distillation", r.opts.Dir, LevelFile(k))
		}
		r.finish(r.levelOf(refs), refs)
	}
	return nil
}

// levelOf returns the level that has these references.
func (r *run) levelOf(refs *References) *level {
	l := &level{set: refs.Set, group: refs.Groups[len(refs.Groups)-1], weight: make([]float64, refs.Len())}
	if len(refs.Groups) == 1 { // of all training images, those set aside too
		l.group = make([]int32, r.leaves.Len())
		for i, at := range r.leaves.Index {
			l.group[i] = refs.Groups[0][at]
		}
	}
	for _, g := range refs.Of() {
		if g >= 0 {
			l.weight[g]++
		}
	}
	return l
}

// level computes the next level.
func (r *run) level(ctx context.Context) error {
	depth := len(r.results)
	p, err := r.plan(ctx)
	if err != nil {
		return r.ended(ctx, err)
	}
	if r.opts.Resume {
		if p.set.Pixels, err = r.found(depth, len(p.x)); err != nil {
			return err
		}
	}
	progress := func(images, step int) {
		painted := len(p.set.Pixels) / r.nets.input().Size() * r.Steps[depth]
		r.report(Progress{Done: r.done + painted + images*step})
	}
	if err := r.paint(ctx, p, progress, func() error { return r.save(depth, p.set.Pixels) }); err != nil {
		return r.ended(ctx, err)
	}
	refs, err := r.references(ctx, p.level)
	if err != nil {
		return r.ended(ctx, err)
	}
	if r.opts.Dir != "" {
		if err := fsx.WriteFile(r.opts.fs, r.path(LevelFile(r.PerClass[depth])), refs.Write); err != nil {
			return err
		}
	}
	r.finish(p.level, refs)
	return nil
}

// ended returns the error that ended a level: an interruption if ctx is done.
func (r *run) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w in level %d: %w", ErrInterrupted, len(r.results)+1, context.Cause(ctx))
	}
	return err
}

// finish records a finished level.
func (r *run) finish(l *level, refs *References) {
	r.done += refs.Len() * r.Steps[len(r.results)]
	r.levels = append(r.levels, l)
	r.results = append(r.results, refs)
	r.report(Progress{Level: len(r.results), Done: r.done, Finished: refs})
}

func (r *run) report(p Progress) {
	if r.opts.Progress == nil {
		return
	}
	if p.Level == 0 {
		p.Level = len(r.results) + 1
	}
	p.Levels, p.PerClass = len(r.PerClass), r.PerClass[p.Level-1]
	for i, k := range r.PerClass {
		p.Total += k * len(r.set.Classes) * r.Steps[i]
	}
	r.opts.Progress(p)
}

// references returns the references of a finished level.
func (r *run) references(ctx context.Context, l *level) (*References, error) {
	refs := &References{Config: r.Config, Set: l.set, Models: r.models, Fingerprint: r.fingerprint}
	var err error
	if refs.Embeddings, err = r.nets.embed(ctx, l.set.All()); err != nil {
		return nil, err
	}
	if n := len(r.results); n > 0 {
		refs.Groups = append(slices.Clone(r.results[n-1].Groups), l.group)
		return refs, nil
	}
	all := make([]int32, r.set.Len())
	for i := range all {
		all[i] = -1
	}
	for i, at := range r.leaves.Index {
		all[at] = l.group[i]
	}
	refs.Groups = [][]int32{all}
	return refs, nil
}

// save writes the finished images of the level in progress.
func (r *run) save(depth int, pixels []uint8) error {
	if r.opts.Dir == "" {
		return nil
	}
	file := &safetensors.File{
		Metadata: map[string]string{"level": fmt.Sprint(depth + 1)},
		Tensors:  []safetensors.Tensor{{Name: imagesName, Shape: []int{len(pixels)}, Data: floats(pixels)}},
	}
	return fsx.WriteFile(r.opts.fs, r.path(lastFile), func(w io.Writer) error { return safetensors.Write(w, file) })
}

// savedBytes bounds the size of what save writes for so many pixels.
func savedBytes(pixels int) int64 { return 4*int64(pixels) + 1<<16 }

// found returns what save wrote, if it belongs to this level.
func (r *run) found(depth, most int) ([]uint8, error) {
	path := r.path(lastFile)
	largest := r.PerClass[0] * len(r.set.Classes) * r.nets.input().Size() // the file may be of the previous level
	data, err := fsx.ReadFile(path, savedBytes(largest))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("resuming: %w", err)
	}
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("resuming from %s: %w", path, err)
	}
	if f.Metadata["level"] != fmt.Sprint(depth+1) {
		return nil, nil // of the previous level: the run was killed before the file was removed
	}
	t, _ := f.Tensor(imagesName)
	values, err := whole(t, 0, 256)
	if err != nil {
		return nil, fmt.Errorf("resuming from %s: %w", path, err)
	}
	if len(values) > most || len(values)%r.nets.input().Size() != 0 {
		return nil, fmt.Errorf("resuming from %s: its %d pixels are not images of this level", path, len(values))
	}
	pixels := make([]uint8, len(values))
	for i, v := range values {
		pixels[i] = uint8(v)
	}
	return pixels, nil
}
