package lint

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/coarsegrain/taylornet/spec"
)

// documents is the text of each document by its path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"../../*.md", "../../docs/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found[name] = string(text)
		}
	}
	if len(found) == 0 {
		t.Skip("the documents are not here")
	}
	return found
}

// Every network shown in a document, in a block marked "net", is valid.
func TestNetworksInDocuments(t *testing.T) {
	block := regexp.MustCompile("(?s)```net\n(.*?)```")
	for name, text := range documents(t) {
		for _, match := range block.FindAllStringSubmatch(text, -1) {
			if _, err := spec.Parse(match[1]); err != nil {
				t.Errorf("%s: %v in\n%s", name, err, match[1])
			}
		}
	}
}

// Every relative link in a document leads to a file.
func TestLinksInDocuments(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^):#]+)(#[^)]*)?\)`)
	for name, text := range documents(t) {
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), match[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", name, match[1])
			}
		}
	}
}
