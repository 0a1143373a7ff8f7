package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/pretrained"
	"github.com/coarsegrain/taylornet/train"
)

// TestLoadTeacher names one model in every way that --teacher takes.
func TestLoadTeacher(t *testing.T) {
	m, err := pretrained.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	runs := t.TempDir()
	run := train.SeedDir(runs, 1)
	file := filepath.Join(run, train.ModelFile)
	mustRun(t, smallRun(run, "--epochs", "1")...)
	if err := m.Save(file); err != nil {
		t.Fatal(err)
	}
	want, err := m.Hash()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, run, runs, "digits"} {
		teacher, err := loadTeacher(name, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := teacher.Hash(); err != nil || got != want {
			t.Errorf("%s: another model (%v)", name, err)
		}
	}
	if teacher, err := loadTeacher("", 1); teacher != nil || err != nil {
		t.Errorf("no name: %v, %v", teacher, err)
	}
	for _, tt := range []struct {
		name, want string
	}{
		{filepath.Join(run, "none"), "no such file"},
		{filepath.Join(run, train.ConfigFile), "reading model"},
		{runs, "has neither model.safetensors nor seed-4/model.safetensors"},
	} {
		if _, err := loadTeacher(tt.name, 4); err == nil || !strings.HasPrefix(err.Error(), "teacher: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}
