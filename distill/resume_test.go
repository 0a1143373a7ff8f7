package distill

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/internal/fsx/fsxtest"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/model"
)

// TestResumeEqualsNeverHavingStopped interrupts a run after random numbers of
// steps and compares what it comes to with an uninterrupted run.
func TestResumeEqualsNeverHavingStopped(t *testing.T) {
	c, set, models := long(), someDigits(t, 400), []*model.Model{trained(t)}
	want := ran(t, c, models, set, 2)
	r := rng.New(1, "interruptions")
	for round := range 4 {
		dir := filepath.Join(t.TempDir(), "run")
		interruptions := 0
		for {
			ctx, cancel := context.WithCancel(t.Context())
			left := r.IntN(9)
			if left == 0 {
				cancel()
			}
			_, err := Run(ctx, c, models, set, Options{Dir: dir, Resume: Exists(dir), Workers: 1 + round%2, Progress: func(Progress) {
				if left--; left == 0 {
					cancel()
				}
			}})
			cancel()
			if err == nil {
				break
			}
			oneLine(t, err, ErrInterrupted.Error())
			if !errors.Is(err, ErrInterrupted) {
				t.Fatal(err)
			}
			if interruptions++; interruptions > 500 {
				t.Fatal("the run gets nowhere")
			}
		}
		if interruptions < 2 || !maps.Equal(levelFiles(t, dir, c), want) {
			t.Errorf("%d interruptions: other references than without", interruptions)
		}
		if _, err := os.Stat(filepath.Join(dir, lastFile)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", lastFile, err)
		}
	}
}

// interruptedRun is the folder of a run that was interrupted in its second chunk.
func interruptedRun(t *testing.T, c Config, models []*model.Model, set *dataset.Set) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancelCause(t.Context())
	calls, why := 0, errors.New("the test is over")
	_, err := Run(ctx, c, models, set, Options{Dir: dir, Progress: func(Progress) {
		if calls++; calls == c.Steps[0]+2 {
			cancel(why)
		}
	}})
	if !errors.Is(err, ErrInterrupted) || !errors.Is(err, why) {
		t.Fatalf("error %v, want one that wraps %v and %v", err, ErrInterrupted, why)
	}
	return dir
}

// An interrupted run has the chunks that it had found.
func TestInterruptionKeepsChunks(t *testing.T) {
	c, set, models := long(), someDigits(t, 400), []*model.Model{trained(t)}
	dir := interruptedRun(t, c, models, set)
	first := -1
	if _, err := Run(t.Context(), c, models, set, Options{Dir: dir, Resume: true, Progress: func(p Progress) {
		if first < 0 {
			first = p.Done
		}
	}}); err != nil {
		t.Fatal(err)
	}
	if want := chunk*c.Steps[0] + chunk; first != want {
		t.Errorf("going on, it has done %d after a step, want %d: a chunk and a step of the next", first, want)
	}
	// A finished run is there at once, and the same.
	want := levelFiles(t, dir, c)
	levels, err := Run(t.Context(), c, models, set, Options{Dir: dir, Resume: true, Progress: func(p Progress) {
		if p.Finished == nil {
			t.Errorf("a finished run makes a step of level %d", p.Level)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range c.PerClass {
		if string(fileOf(t, levels[i])) != want[LevelFile(k)] {
			t.Errorf("level %d of a finished run is read as another", i+1)
		}
	}
}

// TestDiskFailures lets every call to the disk of a short run fail in turn. The
// run must say so, and resume from what it left to the same references.
func TestDiskFailures(t *testing.T) {
	c, set, models := small(), someDigits(t, 250), []*model.Model{trained(t)}
	c.PerClass, c.Steps, c.Refine = []int{13, 1}, []int{1, 1}, 0 // two chunks and one
	want := ran(t, c, models, set, 2)
	failures := 0
	for fail := 1; ; fail++ {
		dir := filepath.Join(t.TempDir(), "run")
		_, err := Run(t.Context(), c, models, set, Options{Dir: dir, fs: &fsxtest.Failing{Fail: fail}})
		if err == nil {
			break
		}
		failures++
		oneLine(t, err, fsxtest.ErrDisk.Error())
		if !errors.Is(err, fsxtest.ErrDisk) {
			t.Fatalf("call %d fails: error %v", fail, err)
		}
		if _, err := Run(t.Context(), c, models, set, Options{Dir: dir, Resume: Exists(dir)}); err != nil {
			t.Fatalf("call %d failed, going on: %v", fail, err)
		}
		if !maps.Equal(levelFiles(t, dir, c), want) {
			t.Errorf("call %d failed: other references after going on", fail)
		}
		if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
			t.Errorf("call %d failed: %v are left (%v)", fail, left, err)
		}
	}
	if failures < 30 {
		t.Errorf("only %d calls failed", failures)
	}
}

// A kill between two files leaves nothing wrong.
func TestResumeBetweenFiles(t *testing.T) {
	c, set, models := long(), someDigits(t, 400), []*model.Model{trained(t)}
	dir := filepath.Join(t.TempDir(), "run")
	if _, err := Run(t.Context(), c, models, set, Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	want := levelFiles(t, dir, c)
	r := &run{distiller: distiller{Config: c}, opts: Options{Dir: dir, fs: fsx.OS{}}}
	first, err := Load(filepath.Join(dir, LevelFile(30)))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		before func() error
	}{
		{"the images of the level before are left", func() error { return r.save(0, first.Set.Pixels) }},
		{"all images of a level without its references", func() error {
			return errors.Join(r.save(0, first.Set.Pixels), os.Remove(filepath.Join(dir, LevelFile(30))))
		}},
		{"a temporary file", func() error {
			return os.WriteFile(filepath.Join(dir, ".refs-1.safetensors.tmp-0123456789abcdef"), []byte("x"), 0o666)
		}},
	} {
		for _, k := range c.PerClass[1:] {
			if err := os.Remove(filepath.Join(dir, LevelFile(k))); err != nil {
				t.Fatal(err)
			}
		}
		if err := tt.before(); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), c, models, set, Options{Dir: dir, Resume: true}); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if !maps.Equal(levelFiles(t, dir, c), want) {
			t.Errorf("%s: other references", tt.name)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 2+len(c.PerClass) {
			t.Errorf("%s: files %v (%v)", tt.name, entries, err)
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	c, set, m := long(), someDigits(t, 400), trained(t)
	dir := filepath.Join(t.TempDir(), "run")
	resume := func(c Config, set *dataset.Set, models ...*model.Model) error {
		_, err := Run(t.Context(), c, models, set, Options{Dir: dir, Resume: true})
		return err
	}
	oneLine(t, resume(c, set, m), dir)
	if Exists(dir) {
		t.Error("resuming nothing made a folder")
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Run(ctx, c, []*model.Model{m}, set, Options{Dir: dir, Progress: func(p Progress) {
		if p.Done > chunk*c.Steps[0] {
			cancel()
		}
	}}); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), c, []*model.Model{m}, set, Options{Dir: dir}); !errors.Is(err, ErrExists) {
		t.Errorf("a second run in the same folder: error %v", err)
	}
	got, models, err := ReadConfig(dir)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(c) || len(models) != 1 {
		t.Fatalf("the folder's settings are %+v, models %v, error %v; want %+v", got, models, err, c)
	}
	if saved, err := model.Load(models[0]); err != nil || hashOf(t, saved) != hashOf(t, m) {
		t.Errorf("the folder's model is another (%v)", err)
	}
	other := c
	other.Paint.Smooth *= 2
	oneLine(t, resume(other, set, m), "its settings, models or images differ from the ones given")
	oneLine(t, resume(c, set, disturbed(t)), "its settings, models or images differ from the ones given")
	oneLine(t, resume(c, set, m, disturbed(t)), "its settings, models or images differ from the ones given")
	set.Pixels[0]++
	oneLine(t, resume(c, set, m), "its settings, models or images differ from the ones given")
	set.Pixels[0]--
}

// What is damaged in a run's folder is refused in one line that names the file.
func TestResumeRefusesDamage(t *testing.T) {
	c, set, models := long(), someDigits(t, 400), []*model.Model{trained(t)}
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, c, models, set, Options{Dir: dir, Progress: func(p Progress) {
		if p.Done > chunk*c.Steps[0] {
			cancel()
		}
	}})
	if !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	refused := func(file string) {
		t.Helper()
		_, err := Run(t.Context(), c, models, set, Options{Dir: dir, Resume: true})
		oneLine(t, err, file)
		if err != nil && contains(err, "%!") {
			t.Errorf("a faulty message: %v", err)
		}
	}
	last := filepath.Join(dir, lastFile)
	whole, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 7, 100, len(whole) - 1} {
		if err := os.WriteFile(last, whole[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		refused(last)
	}
	r := &run{distiller: distiller{Config: c}, opts: Options{Dir: dir, fs: fsx.OS{}}}
	for _, n := range []int{301 * 64, 65} { // too many, no whole images
		if err := r.save(0, make([]uint8, n)); err != nil {
			t.Fatal(err)
		}
		refused(last)
	}
	if err := os.Remove(last); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, LevelFile(30)), whole, 0o666); err != nil {
		t.Fatal(err)
	}
	refused(LevelFile(30))
	// References of a level below, under another name.
	levels := distilled(t, c, set, models...)
	if err := levels[1].Save(filepath.Join(dir, LevelFile(30))); err != nil {
		t.Fatal(err)
	}
	refused(LevelFile(30))
}
