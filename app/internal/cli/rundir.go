package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

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

// latestRunDir returns the folder in which a run was saved last.
func latestRunDir(source string) (string, error) {
	var latest string
	var at time.Time
	first := runDir(source)
	entries, err := os.ReadDir(runsDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("looking for the run to resume: %w", err)
	}
	for _, entry := range entries {
		dir := filepath.Join(runsDir, entry.Name())
		if n, err := strconv.Atoi(strings.TrimPrefix(dir, first+"-")); dir != first && (err != nil || n < 2) {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, train.LastFile))
		if err == nil && info.ModTime().After(at) {
			latest, at = dir, info.ModTime()
		}
	}
	if latest == "" {
		return "", fmt.Errorf("nothing to resume in %s: name the run's folder with --out, or start a run without --resume", first)
	}
	return latest, nil
}
