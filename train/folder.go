package train

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/model"
)

// The files of a run folder.
const (
	ConfigFile  = "config.json"
	MetricsFile = "metrics.jsonl"
	ModelFile   = "model.safetensors"   // the result: averaged weights of the best epoch
	LastFile    = "last.safetensors"    // the checkpoint: everything that a resumed run needs
	TeacherFile = "teacher.safetensors" // a copy of the teacher, if there is one
)

// SeedDir returns the run folder for a seed in a folder of runs that differ in their
// random seeds.
func SeedDir(dir string, seed uint64) string {
	return filepath.Join(dir, fmt.Sprintf("seed-%d", seed))
}

// Exists reports whether the folder holds a run.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, LastFile))
	return err == nil
}

// ReadRun returns the record of the run in a folder, finished or not.
func ReadRun(dir string) (Record, error) {
	c, err := readCheckpoint(dir, 0)
	if err != nil {
		return Record{}, err
	}
	return Record{Config: c.Config, DataSHA256: c.Fingerprint, Epochs: len(c.History), SavedAt: c.SavedAt}, nil
}

// open makes the run folder, or restores the run that is in it.
func (r *run) open() error {
	if r.opts.Dir == "" {
		return nil
	}
	if r.opts.Resume {
		return r.resume()
	}
	if Exists(r.opts.Dir) {
		return fmt.Errorf("%s: %w", r.opts.Dir, ErrExists)
	}
	if err := fsx.RemoveTemp(r.opts.Dir); err != nil { // of a run killed before its first checkpoint
		return err
	}
	if err := writeJSON(r.opts.fs, r.path(ConfigFile), r.Config); err != nil {
		return err
	}
	if r.teacher != nil {
		if err := fsx.WriteFile(r.opts.fs, r.path(TeacherFile), r.teacher.Write); err != nil {
			return err
		}
	}
	return r.save()
}

// resume restores the run in the folder.
func (r *run) resume() error {
	c, err := readCheckpoint(r.opts.Dir, r.opts.Memory)
	if err != nil {
		return err
	}
	given := r.Config
	given.Data = c.Config.Data // which may have been moved: their checksum decides
	if c.Config != given {
		return fmt.Errorf("resuming %s: its settings differ from the ones given", r.opts.Dir)
	}
	if c.Fingerprint != r.Fingerprint {
		return fmt.Errorf("resuming %s: the images of %s (checksum %.12s) differ from those that it was trained on, %s (checksum %.12s)",
			r.opts.Dir, r.data.Name, r.Fingerprint, c.Config.Data, c.Fingerprint)
	}
	if c.ValidationFingerprint != r.ValidationFingerprint {
		return fmt.Errorf("resuming %s: the validation images of %s differ from those that its epochs were compared by", r.opts.Dir, r.data.Name)
	}
	if !c.consistent(r.Config.Epochs, r.perEpoch, r.batch.N) {
		return fmt.Errorf("resuming %s: the progress in %s is inconsistent", r.opts.Dir, LastFile)
	}
	if err := r.restore(c); err != nil {
		return fmt.Errorf("resuming %s: %w", r.opts.Dir, err)
	}
	if err := fsx.RemoveTemp(r.opts.Dir); err != nil {
		return fmt.Errorf("resuming %s: %w", r.opts.Dir, err)
	}
	if r.frozen() {
		if err := r.compile(true); err != nil {
			return err
		}
	}
	return r.writeOutputs()
}

func (r *run) path(name string) string { return filepath.Join(r.opts.Dir, name) }

// save writes a checkpoint.
func (r *run) save() error {
	r.saved = time.Now()
	r.SavedAt = r.saved.Round(0) // without the process's own clock
	if r.opts.Dir == "" {
		return nil
	}
	return fsx.WriteFile(r.opts.fs, r.path(LastFile), r.write)
}

// writeOutputs writes the files that follow from the checkpoint: the metrics, and the
// model if there is one. A resumed run writes them again, in case it was killed between
// two files.
func (r *run) writeOutputs() error {
	if r.opts.Dir == "" {
		return nil
	}
	text, err := lines(r.History)
	if err != nil {
		return err
	}
	if err := fsx.WriteBytes(r.opts.fs, r.path(MetricsFile), text); err != nil {
		return err
	}
	if r.Best < 0 {
		return nil
	}
	m, err := r.model(r.kept, nil)
	if err != nil {
		return err
	}
	return r.writeModel(m)
}

func (r *run) writeModel(m *model.Model) error {
	return fsx.WriteFile(r.opts.fs, r.path(ModelFile), m.Write)
}

func writeJSON(fs fsx.FS, path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return fsx.WriteBytes(fs, path, append(text, '\n'))
}
