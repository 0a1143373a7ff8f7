package lint

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unknownPaths returns the packages and the targets of make that code in a document
// names and that are not there.
func unknownPaths(name, text string, exists func(path string) bool, targets string) (findings []string) {
	folder := regexp.MustCompile(`(?:^|\s)\./([a-z][a-z0-9/_-]*?)(?:/\.\.\.)?(?:\s|$)`)
	target := regexp.MustCompile(`^make ([a-z -]+)`)
	for _, b := range blocks(text) {
		shown := codeSpan.FindAllString(b.text, -1)
		if b.kind == code {
			shown = strings.Split(b.text, "\n")
		}
		for _, s := range shown {
			s = strings.Trim(s, "` ")
			for _, match := range folder.FindAllStringSubmatch(strings.ReplaceAll(s, " ", "  "), -1) {
				if match[1] != "taylornet" && !exists(match[1]) { // the binary that make build leaves
					findings = append(findings, fmt.Sprintf("%s:%d: ./%s is not there", name, b.line, match[1]))
				}
			}
			if match := target.FindStringSubmatch(s); match != nil {
				for _, word := range strings.Fields(match[1]) {
					if !strings.Contains(targets, "\n"+word+":") {
						findings = append(findings, fmt.Sprintf("%s:%d: there is no make %s", name, b.line, word))
					}
				}
			}
		}
	}
	return findings
}

func TestPathsInDocuments(t *testing.T) {
	root := filepath.Join("..", "..")
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Skip("the Makefile is not here")
	}
	for name, text := range documents(t) {
		if strings.HasPrefix(name, "docs/notes/") {
			continue
		}
		for _, finding := range unknownPaths(name, text, func(local string) bool {
			_, err := os.Stat(filepath.Join(root, filepath.FromSlash(local)))
			return err == nil
		}, string(makefile)) {
			t.Error(finding)
		}
	}
}

func TestUnknownPaths(t *testing.T) {
	exists := func(path string) bool { return path == "engine" || path == "cmd/taylornet" }
	for _, tt := range []struct{ text, want string }{
		{"`go test ./engine/... ./gone` and ./text", "./gone is not there"},
		{"`go test ./engine` `go test ./...` `./taylornet net mnist`", ""},
		{"    go run ./cmd/taylornet train\n    go run ./cmd/gone\n", "./cmd/gone is not there"},
		{"`make lint test`, `make a difference`", "no make a"},
		{"```\nmake gone\n```", "no make gone"},
	} {
		got := strings.Join(unknownPaths("a.md", tt.text, exists, "\nlint: x\ntest: y\ndifference:\n"), "; ")
		if tt.want == "" && got != "" || !strings.HasSuffix(got, tt.want) || strings.Contains(got, ";") {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

// The Go code of the README compiles.
func TestCodeInReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("calls the go command")
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	block := regexp.MustCompile("(?s)```go\n(.*?)```").FindStringSubmatch(documents(t)["README.md"])
	if block == nil {
		t.Fatal("README.md shows no Go code")
	}
	source := fmt.Sprintf(`package main

import (
	"context"
	"fmt"
	"image"

	"%[1]s/dataset"
	"%[1]s/model"
	"%[1]s/train"
)

func main() {
	ctx := context.Background()
	var img image.Image
	%[2]s
	fmt.Println(p, err)
}
`, module, block[1])
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	vet := exec.Command(tool, "vet", file)
	vet.Dir = filepath.Join("..", "..")
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
