package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// freeRunDir returns the first of them that does not exist.
func freeRunDir(source string) (string, error) {
	return freeDir(runDir(source))
}

// numbered returns the n-th folder of a name, counted from 1.
func numbered(dir string, n int) string {
	if n > 1 {
		dir += fmt.Sprintf("-%d", n)
	}
	return dir
}

// freeDir returns the first folder of a name that does not exist.
func freeDir(name string) (string, error) {
	for n := 1; ; n++ {
		dir := numbered(name, n)
		_, err := os.Lstat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return dir, nil
		}
		if err != nil {
			return "", fmt.Errorf("looking for a folder: %w: choose one with --out", err)
		}
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
	dir   string
	saved time.Time
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
		info, err := os.Stat(filepath.Join(r.dir, train.LastFile))
		if err != nil {
			continue // no run
		}
		r.saved = info.ModTime()
		if r.Record, err = train.ReadRun(r.dir); err != nil {
			return nil, fmt.Errorf("looking for the run to resume: %w: name its folder with --out", err)
		}
		runs = append(runs, r)
	}
	slices.SortStableFunc(runs, func(a, b savedRun) int { return b.saved.Compare(a.saved) })
	return runs, nil
}

// findRun returns the folder of the run on a data set that was saved last. Known data sets
// are the same by their names, others if the checksum of their images is the run's.
func (a *app) findRun(ctx context.Context, source string, load sweep.Load) (string, error) {
	runs, err := savedRuns()
	if err != nil {
		return "", err
	}
	changed := ""
	for _, named := range []bool{true, false} { // first those that name the data: others have them read in their size
		for _, r := range runs {
			if (r.Config.Data == source) != named || !named && isKnown(source) && isKnown(r.Config.Data) {
				continue
			}
			same, err := r.on(ctx, source, load)
			switch {
			case err != nil:
				return "", err
			case same:
				return r.dir, nil
			case named:
				changed = fmt.Sprintf(" (the images differ from those that the run in %s was trained on)", r.dir)
			}
		}
	}
	return "", fmt.Errorf("nothing to resume in %s%s: name the run's folder with --out, or start a run without --resume", runDir(source), changed)
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
