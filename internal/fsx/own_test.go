package fsx

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var errInUse = errors.New("in use")

func mustOwn(t *testing.T, dir string) *Owner {
	t.Helper()
	o, err := Own(dir, errInUse)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// needLocks skips a test where files cannot be locked.
func needLocks(t *testing.T) {
	t.Helper()
	f, err := os.Open(oldFile(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if free, err := tryLock(f); !free || err != nil {
		t.Fatal(free, err)
	}
	again, err := os.Open(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if free, err := tryLock(again); free || err != nil {
		t.Skip("no locks here:", err)
	}
}

func TestOwnRefusesTheSecond(t *testing.T) {
	needLocks(t)
	dir := filepath.Join(t.TempDir(), "runs", "new")
	first := mustOwn(t, dir)
	_, err := Own(dir+"/.", errInUse)
	host, _ := os.Hostname()
	for _, part := range []string{dir + ": in use: process ", host, ", since "} {
		if !errors.Is(err, errInUse) || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: want %q in it", err, part)
		}
	}
	first.Release()
	mustOwn(t, dir).Release()
}

func TestOwnRefusedWithoutName(t *testing.T) {
	needLocks(t)
	for _, text := range []string{"", "{", `{"pid": -1}`, strings.Repeat("x", 1<<20)} {
		dir := t.TempDir()
		first := mustOwn(t, dir)
		if err := os.WriteFile(first.path(), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Own(dir, errInUse); !errors.Is(err, errInUse) || err.Error() != dir+": in use" {
			t.Errorf("%.20q: %v", text, err)
		}
		first.Release()
	}
}

func TestOwnSaysTheDay(t *testing.T) {
	needLocks(t)
	dir := t.TempDir()
	first := mustOwn(t, dir)
	defer first.Release()
	text, err := json.Marshal(holder{7, "node", time.Date(2020, 2, 3, 4, 5, 6, 0, time.Local)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(first.path(), text, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Own(dir, errInUse); err == nil || !strings.Contains(err.Error(), "process 7 on node, since 2020-02-03 04:05") {
		t.Error(err)
	}
}

func TestReleaseLeavesNothing(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "new")
	mustOwn(t, dir).Release()
	if names := fileNames(t, root); len(names) != 0 {
		t.Errorf("an empty folder that was made is left: %q", names)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	mustOwn(t, dir).Release() // it was there before
	if names := fileNames(t, dir); len(names) != 0 {
		t.Errorf("left %q", names)
	}
	o := mustOwn(t, filepath.Join(root, "used"))
	if err := WriteBytes(OS{}, filepath.Join(root, "used", "file"), nil); err != nil {
		t.Fatal(err)
	}
	o.Release()
	if names := fileNames(t, filepath.Join(root, "used")); len(names) != 1 || names[0] != "file" {
		t.Errorf("left %q", names)
	}
}

// TestOwnTakesOver owns a folder with the lock file of a process that was killed.
func TestOwnTakesOver(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", "nonsense", strings.Repeat("long", 10000)} {
		if err := os.WriteFile(filepath.Join(dir, lockFile), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		o := mustOwn(t, dir)
		var by holder
		if err := json.Unmarshal(mustRead(t, o.path()), &by); err != nil || by.PID != os.Getpid() {
			t.Errorf("after %.20q: held by %+v, %v", text, by, err)
		}
		o.Release()
	}
}

func TestOwnRefusesOddFolders(t *testing.T) {
	file := oldFile(t)
	folder, link := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, lockFile), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, filepath.Join(link, lockFile)); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	dangling := filepath.Join(t.TempDir(), "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		file:                       "",
		filepath.Join(file, "run"): "",
		folder:                     "its .lock is not a regular file: remove it",
		link:                       "its .lock is not a regular file: remove it",
		dangling:                   "",
	}
	if os.Geteuid() > 0 {
		locked := t.TempDir()
		if err := os.Chmod(locked, 0o555); err != nil {
			t.Fatal(err)
		}
		cases[locked] = "permission denied"
	}
	for dir, want := range cases {
		_, err := Own(dir, errInUse)
		if err == nil || errors.Is(err, errInUse) || !strings.HasPrefix(err.Error(), "cannot write to the folder "+dir+": ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Own(%s): %v", dir, err)
		}
	}
	if got := mustRead(t, file); string(got) != "old content" {
		t.Errorf("a link as the lock file was written through: %q", got)
	}
}

// TestOwnedFolderMoves moves a folder that is owned, and puts another one in its place.
func TestOwnedFolderMoves(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder with an open file cannot be moved here")
	}
	root := t.TempDir()
	dir := filepath.Join(root, "run")
	first := mustOwn(t, dir)
	if err := first.Check(); err != nil {
		t.Error(err)
	}
	if err := os.Rename(dir, filepath.Join(root, "moved")); err != nil {
		t.Fatal(err)
	}
	if err := first.Check(); err == nil || !strings.Contains(err.Error(), "moved, removed or replaced") {
		t.Error(err)
	}
	second := mustOwn(t, dir)
	if err := first.Check(); err == nil {
		t.Error("the folder was replaced")
	}
	first.Release()
	if err := second.Check(); err != nil {
		t.Errorf("the first owner took the second's lock file away: %v", err)
	}
	second.Release()
	mustOwn(t, filepath.Join(root, "moved")).Release()
}

// TestOwnersTakeTurns has many goroutines own one folder, which each release again. There
// must never be two at a time.
func TestOwnersTakeTurns(t *testing.T) {
	needLocks(t)
	dir := filepath.Join(t.TempDir(), "run")
	var owners, turns atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				o, err := Own(dir, errInUse)
				if err != nil {
					if !errors.Is(err, errInUse) {
						t.Error(err)
					}
					continue
				}
				if n := owners.Add(1); n != 1 {
					t.Errorf("%d owners at a time", n)
				}
				turns.Add(1)
				runtime.Gosched()
				owners.Add(-1)
				o.Release()
			}
		})
	}
	all.Wait()
	if turns.Load() < 8 {
		t.Errorf("%d turns", turns.Load())
	}
}
