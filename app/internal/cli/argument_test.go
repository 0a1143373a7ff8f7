package cli

import (
	"os"
	"path/filepath"
	"slices"
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
		teacher, err := (&app{}).loadTeacher(name, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := teacher.Hash(); err != nil || got != want {
			t.Errorf("%s: another model (%v)", name, err)
		}
	}
	if teacher, err := (&app{}).loadTeacher("", 1); teacher != nil || err != nil {
		t.Errorf("no name: %v, %v", teacher, err)
	}
	for _, tt := range []struct {
		name, want string
	}{
		{filepath.Join(run, "none"), "no such file"},
		{filepath.Join(run, train.ConfigFile), "reading model"},
		{runs, "has neither model.safetensors nor seed-4/model.safetensors"},
	} {
		if _, err := (&app{}).loadTeacher(tt.name, 4); err == nil || !strings.HasPrefix(err.Error(), "teacher: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

// Wildcards are expanded if no file has the very name, and brackets are part of names.
func TestExpand(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a.png", "b.png", "c.jpg", ".hidden.png", "new [2020]/a.png"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		args, want []string
		fault      string
	}{
		{[]string{"b.png", "nowhere.png"}, []string{"b.png", "nowhere.png"}, ""},
		{[]string{"*.png"}, []string{"a.png", "b.png"}, ""},
		{[]string{"c.jpg", "?.png", "a.png"}, []string{"c.jpg", "a.png", "b.png", "a.png"}, ""},
		{[]string{"new [2020]/*.png"}, []string{"new [2020]/a.png"}, ""},
		{[]string{".*.png"}, []string{".hidden.png"}, ""},
		{[]string{"a.png", "*.gif"}, nil, "*.gif: no file has a name like this"},
	} {
		got, err := expand(tt.args)
		for i := range got {
			got[i] = filepath.ToSlash(got[i])
		}
		if tt.fault == "" && (err != nil || !slices.Equal(got, tt.want)) || tt.fault != "" && (err == nil || err.Error() != tt.fault) {
			t.Errorf("%q: %q, %v; want %q", tt.args, got, err, tt.want)
		}
	}
}

// A file of that name is not a pattern.
func TestExpandLiteral(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("what?.png", nil, 0o666); err != nil {
		t.Skipf("the file system has no such names: %v", err)
	}
	if got, err := expand([]string{"what?.png"}); err != nil || !slices.Equal(got, []string{"what?.png"}) {
		t.Errorf("got %q, %v", got, err)
	}
}
