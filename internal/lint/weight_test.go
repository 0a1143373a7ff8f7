package lint

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxProgram bounds the size, in bytes, of a small program that trains.
const maxProgram = 8_000_000

// TestLibraryIsLight builds a small program that trains: it carries neither the weights of
// the trained models nor what only the command needs.
func TestLibraryIsLight(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	const source = "./testdata/digits"
	deps, err := exec.CommandContext(t.Context(), "go", "list", "-deps", source).Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(deps)) {
		path = strings.TrimSpace(path)
		for _, heavy := range []string{module + "/pretrained", module + "/app", "github.com/spf13/", "gonum.org/", "github.com/schollz/", "golang.org/x/term", "net/http"} {
			if strings.HasPrefix(path, heavy) {
				t.Errorf("a program that trains links %s: keep the import in app, or pass what it gives in from above", path)
			}
		}
	}
	program := filepath.Join(t.TempDir(), "digits")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxProgram {
		t.Errorf("a program that trains has %d bytes: want at most %d", info.Size(), maxProgram)
	}
	t.Logf("%d bytes", info.Size())
}
