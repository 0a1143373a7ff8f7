package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/sweep"
	"github.com/coarsegrain/taylornet/train"
)

// job is a training run that is to be made.
type job struct {
	config train.Config
	net    *spec.Net
	bytes  int64        // of the model's file that has the network; 0 if there is none
	size   dataset.Size // of images, if they are resized
	data   *dataset.Data
	dir    string
	// source is where the data of a resumed run are, if they were moved.
	source string
	// general are the words of flags that are not about the run, to repeat it.
	general []string
	// teacher is the one that the settings name for the run's seed; nil if there is none
	// or the run folder has a copy.
	teacher *model.Model
}

func (a *app) prepare(ctx context.Context, f *trainFlags) (*job, error) {
	prepare := a.prepareNew
	if f.resume {
		prepare = a.prepareResume
	}
	j, err := prepare(ctx, f)
	if err != nil {
		return nil, err
	}
	j.general = a.generalWords()
	if f.byPosition {
		j.general = append(j.general, "--"+byPositionFlag)
	}
	return j, nil
}

const defaultData = "digits"

// data returns the data set that a network is trained on if none is named.
func (n network) data() string {
	if n.preset != "" {
		return train.Recipe(n.preset).Data
	}
	return defaultData
}

// prepareNew prepares a new run.
func (a *app) prepareNew(ctx context.Context, f *trainFlags) (*job, error) {
	j, err := newJob(ctx, f, sized(a.loadGiven, false))
	if err != nil {
		return nil, err
	}
	if j.teacher, err = a.loadTeacher(j.config.Teacher, j.config.Seed); err != nil {
		return nil, err
	}
	if j.dir = f.out; j.dir == "" {
		j.dir, err = a.newDir(runDir(j.config.Data))
	}
	return j, err
}

// newJob returns a new run with its settings and data, without a folder and a teacher.
func newJob(ctx context.Context, f *trainFlags, load sweep.Load) (*job, error) {
	given, err := f.network()
	if err != nil {
		return nil, err
	}
	arg := f.data
	if arg == "" {
		arg = given.data()
	}
	source, err := dataSource(arg)
	if err != nil {
		return nil, err
	}
	j := &job{size: f.size.Size}
	if j.data, err = load(ctx, arg, j.size); err != nil {
		return nil, err
	}
	j.config = recipe(knownAs(j.data), given.preset)
	j.config.Data = source
	j.choose(given)
	f.settings.apply(&j.config)
	if err := j.config.Validate(); err != nil {
		return nil, &usageError{err}
	}
	return j, nil
}

// recipe returns the recipe of the preset if there is one for the data set, or else that
// of the data set.
func recipe(data, preset string) train.Config {
	if preset != "" {
		if r := train.Recipe(preset); r.Data == data {
			return r
		}
	}
	return train.Recipe(data)
}

// knownAs returns the name of the data set if it is a known one, else "". The name is
// then true whatever the folder is called: package dataset checks the images.
func knownAs(data *dataset.Data) string {
	if isKnown(data.Name) {
		return data.Name
	}
	return ""
}

// choose sets the network: the one given, or else the recipe's if the images fit it, or
// else a default.
func (j *job) choose(given network) {
	if given.Net != nil {
		j.net, j.bytes, j.config.Net = given.Net, given.bytes, given.source
		return
	}
	set := j.data.Train
	shape := spec.Shape{H: set.H, W: set.W, C: set.C}
	preset, err := spec.Parse(j.config.Net)
	if err == nil && preset.Input == shape && preset.Out().C == len(set.Classes) {
		j.net = preset
		return
	}
	j.net = spec.Default(shape, len(set.Classes))
	j.config.Net = j.net.String()
}

// prepareResume prepares a run to be resumed.
func (a *app) prepareResume(ctx context.Context, f *trainFlags) (*job, error) {
	j := &job{dir: f.out, size: f.size.Size}
	source, err := dataSource(f.data)
	if err != nil {
		return nil, err
	}
	load := sized(a.loadGiven, f.size.Size == (dataset.Size{})).Once()
	if j.dir == "" {
		if j.dir, err = a.runToResume(ctx, f, source, load); err != nil {
			return nil, err
		}
	}
	if !train.Exists(j.dir) {
		return nil, fmt.Errorf("nothing to resume in %s: name the run's folder with --out, or start a run without --resume", j.dir)
	}
	record, err := train.ReadRun(j.dir)
	if err != nil {
		return nil, err
	}
	j.config = record.Config
	if j.net, err = spec.Parse(j.config.Net); err != nil {
		return nil, err
	}
	if err := j.refuse(f, source); err != nil {
		return nil, err
	}
	if source == "" {
		j.data, err = a.loadRecorded(ctx, j.config.Data, dataset.Options{Size: sizeOf(j.net), Fixed: true})
		return j, err
	}
	if j.data, err = load(ctx, source, sizeOf(j.net)); err != nil {
		return nil, err
	}
	if j.data.Train.Fingerprint() != record.DataSHA256 {
		return nil, otherData("run", j.dir, source, j.config.Data)
	}
	j.source = source
	return j, nil
}

// otherData returns the error about data that are not those of what is to be resumed.
func otherData(what, dir, source, recorded string) error {
	return usagef("--data cannot be changed in the %s in %s: the images of %s differ from those that it was trained on, %s", what, dir, source, recorded)
}

// runToResume finds the run to resume if its folder is not named: that on the data, or if
// nothing is named and there is none on the default data, the last of all.
func (a *app) runToResume(ctx context.Context, f *trainFlags, source string, load sweep.Load) (string, error) {
	if source != "" {
		return a.findRun(ctx, source, load)
	}
	given, err := f.network()
	if err != nil {
		return "", err
	}
	dir, err := a.findRun(ctx, given.data(), load)
	if !errors.Is(err, errNothing) || f.net != "" {
		return dir, err
	}
	runs, _ := savedRuns()
	if last, ambiguous := latest(runs, func(*savedRun) (bool, error) { return true, nil }); last != "" || ambiguous != nil {
		return last, ambiguous
	}
	return "", err
}

// command returns the command that repeats the run, for a shell.
func (j *job) command() string {
	words := append([]string{"taylornet", "train", "--data", cmp.Or(j.source, j.config.Data)}, j.general...)
	if size := j.resized(); size != (dataset.Size{}) {
		words = append(words, "--size", (&sizeFlag{size}).String())
	}
	preset := presetOf(j.net)
	base := recipe(knownAs(j.data), preset)
	if preset == "" || preset != j.data.Name {
		words = append(words, "--net", cmp.Or(preset, j.net.String()))
	}
	config := j.config
	if base.MicroBatch == 0 && config.MicroBatch == engine.MicroBatch(j.net) {
		config.MicroBatch = 0 // which a run resolves to that
	}
	return joinWords(append(words, trainSettings().words(&config, &base)...))
}

// resized returns the size to which images are resized, zero if it is that of the data set.
func (j *job) resized() dataset.Size {
	size := sizeOf(j.net)
	for _, info := range dataset.List(dataset.Options{}) {
		if info.Name == j.config.Data && size == (dataset.Size{H: info.Shape[0], W: info.Shape[1]}) {
			return dataset.Size{}
		}
	}
	return size
}

// presetOf returns the name of the preset that a network equals, "" if there is none.
func presetOf(net *spec.Net) string {
	for _, name := range spec.Presets() {
		if preset, _ := spec.Preset(name); preset.String() == net.String() {
			return name
		}
	}
	return ""
}

// heading says in a line what the run does.
func (j *job) heading() string {
	return fmt.Sprintf("%s: %s training images; a network of %s; run folder %s",
		j.data.Name, count(j.data.Train.Len()), plural(j.net.NumParams(), "parameter"), j.dir)
}

// refuse reports the flags that would make another run of the one to resume.
func (j *job) refuse(f *trainFlags, source string) error {
	names, err := j.changed(f, source)
	if err != nil {
		return err
	}
	return cannotChange(names, "run", j.dir, train.ConfigFile)
}

// cannotChange returns an error if there are flags that differ from the settings of what
// is to be resumed. These are in a file in its folder.
func cannotChange(flags []string, what, dir, file string) error {
	if len(flags) == 0 {
		return nil
	}
	return usagef("%s cannot be changed in the %s in %s: leave out what differs from its %s, or start a %s without --resume",
		strings.Join(flags, ", "), what, dir, file, what)
}

// changed lists the flags that differ from the settings of the run.
func (j *job) changed(f *trainFlags, source string) ([]string, error) {
	var names []string
	if source != j.config.Data && isKnown(source) && isKnown(j.config.Data) { // others may have been moved
		names = append(names, "--data")
	}
	if f.net != "" {
		given, err := readNetwork(f.net)
		if err != nil {
			return nil, err
		}
		if given.String() != j.net.String() {
			names = append(names, "--net")
		}
	}
	if f.size.Size != (dataset.Size{}) && f.size.Size != sizeOf(j.net) {
		names = append(names, "--size")
	}
	return append(names, f.settings.changed(&j.config)...), nil
}
