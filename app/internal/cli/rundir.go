package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/sweep"
	"github.com/coarsegrain/taylornet/train"
)

// runsDir holds the runs for which no folder was given.
const runsDir = "runs"

// runDir returns the folder for the first run on a data set, such as runs/digits. Further
// ones are numbered: runs/digits-2 and so on.
func runDir(source string) string { return filepath.Join(runsDir, filepath.Base(source)) }

// numbered returns the n-th folder of a name, counted from 1.
func numbered(dir string, n int) string {
	if n > 1 {
		dir += fmt.Sprintf("-%d", n)
	}
	return dir
}

// newDir makes the first folder of a name that does not exist, and so has it before any
// other command that looks for one.
func (a *app) newDir(name string) (string, error) {
	err := os.MkdirAll(filepath.Dir(name), 0o777)
	for n := 1; err == nil; n++ {
		dir := numbered(name, n)
		if err = os.Mkdir(dir, 0o777); err == nil {
			a.made = append(a.made, dir)
			return dir, nil
		}
		if errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	return "", fmt.Errorf("making a folder: %w: choose one with --out", err)
}

// removeEmpty removes the folders that newDir made for work that then wrote nothing.
func (a *app) removeEmpty() {
	for _, dir := range a.made {
		_ = os.Remove(dir) // which does not remove a folder with files
	}
}

// checkResume returns an error if --resume is given without --out.
func checkResume(resume bool, out string) error {
	if resume && out == "" {
		return usagef("--resume needs the folder to resume: --out DIR")
	}
	return nil
}

// savedRun is a run in a folder, as its record says.
type savedRun struct {
	train.Record
	dir string
}

// savedRuns returns the runs for which no folder was given, the last saved first.
func savedRuns() ([]savedRun, error) {
	entries, err := os.ReadDir(runsDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for the run to resume: %w", err)
	}
	var runs []savedRun
	for _, entry := range entries {
		r := savedRun{dir: filepath.Join(runsDir, entry.Name())}
		if !train.Exists(r.dir) {
			continue
		}
		if r.Record, err = train.ReadRun(r.dir); err != nil {
			return nil, fmt.Errorf("looking for the run to resume: %w: name its folder with --out", err)
		}
		runs = append(runs, r)
	}
	slices.SortStableFunc(runs, func(a, b savedRun) int { return b.SavedAt.Compare(a.SavedAt) })
	return runs, nil
}

var errNothing = errors.New("nothing to resume")

// findRun returns the folder of the run on a data set that was saved last. Known data sets
// are the same by their names, others if the checksum of their images is the run's.
func (a *app) findRun(ctx context.Context, source string, load sweep.Load) (string, error) {
	runs, err := savedRuns()
	if err != nil {
		return "", err
	}
	changed := ""
	for _, named := range []bool{true, false} { // first those that name the data: others have them read in their size
		dir, err := latest(runs, func(r *savedRun) (bool, error) {
			if (r.Config.Data == source) != named || !named && isKnown(source) && isKnown(r.Config.Data) {
				return false, nil
			}
			same, err := r.on(ctx, source, load)
			if named && !same && changed == "" {
				changed = fmt.Sprintf(" (the images differ from those that the run in %s was trained on)", r.dir)
			}
			return same, err
		})
		if err != nil || dir != "" {
			return dir, err
		}
	}
	return "", fmt.Errorf("%w in %s%s: name the run's folder with --out, or start a run without --resume", errNothing, runDir(source), changed)
}

// latest returns the folder of the first of the runs, the last saved first, that fits; "" if
// there is none. Of runs that were saved at the same time, such as copies, none is chosen.
func latest(runs []savedRun, fits func(*savedRun) (bool, error)) (string, error) {
	var dirs []string
	var saved time.Time
	for i := range runs {
		r := &runs[i]
		if len(dirs) > 0 && !r.SavedAt.Equal(saved) {
			break
		}
		fit, err := fits(r)
		if err != nil {
			return "", err
		}
		if fit {
			dirs, saved = append(dirs, r.dir), r.SavedAt
		}
	}
	switch len(dirs) {
	case 0:
		return "", nil
	case 1:
		return dirs[0], nil
	}
	return "", fmt.Errorf("the runs in %s were saved at the same time: name the one to resume with --out", strings.Join(dirs, ", "))
}

// on reports whether the run was trained on the images of a data set.
func (r *savedRun) on(ctx context.Context, source string, load sweep.Load) (bool, error) {
	if isKnown(source) && r.Config.Data == source {
		return true, nil
	}
	net, err := spec.Parse(r.Config.Net)
	if err != nil {
		return false, err
	}
	data, err := load(ctx, source, sizeOf(net))
	if err != nil {
		return false, err
	}
	return data.Train.Fingerprint() == r.DataSHA256, nil
}
