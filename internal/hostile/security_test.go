package hostile

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurity checks that each bound in SECURITY.md is where the page says.
func TestSecurity(t *testing.T) {
	const root = "../.."
	page, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	places := regexp.MustCompile("\\| `([^`]+\\.go): (\\w+)` \\|").FindAllSubmatch(page, -1)
	if want := strings.Count(string(page), " |\n") - 1; len(places) != want {
		t.Errorf("%d of %d bounds have a place", len(places), want)
	}
	for _, p := range places {
		source, err := os.ReadFile(filepath.Join(root, string(p[1])))
		if err != nil {
			t.Error(err)
			continue
		}
		if !regexp.MustCompile(`(?m)^(func (\(\w+ \*?\w+\) )?|const |var |\t)?` + string(p[2]) + `\b`).Match(source) {
			t.Errorf("%s declares no %s", p[1], p[2])
		}
	}
}
