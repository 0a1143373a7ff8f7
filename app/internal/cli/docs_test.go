package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fenced  = regexp.MustCompile("(?s)```.*?\n(.*?)```")
	inline  = regexp.MustCompile("`([^`]+)`")
	example = regexp.MustCompile(`(?m)^ {4}.+$`)
	called  = regexp.MustCompile(`(?:^|[\s/])taylornet\s+([a-z][^;|#]*)`)
)

// unknownCommands returns the commands shown in a document that the command does not
// have, and their flags that it does not know.
func unknownCommands(markdown string) (findings []string) {
	var shown []string
	for _, match := range fenced.FindAllStringSubmatch(markdown, -1) {
		shown = append(shown, strings.Split(match[1], "\n")...)
	}
	markdown = fenced.ReplaceAllString(markdown, "")
	for _, match := range inline.FindAllStringSubmatch(markdown, -1) {
		shown = append(shown, match[1])
	}
	shown = append(shown, example.FindAllString(markdown, -1)...)
	for _, text := range shown {
		for _, match := range called.FindAllStringSubmatch(text, -1) {
			root := (&app{out: &sink{Writer: io.Discard}, stderr: io.Discard}).root()
			words := strings.Fields(match[1])
			cmd, _, err := root.Find(words[:1])
			if err != nil || cmd == root {
				findings = append(findings, fmt.Sprintf("%q: there is no command %s", match[1], words[0]))
				continue
			}
			cmd.InitDefaultHelpFlag()
			for _, word := range words[1:] {
				flag, isFlag := strings.CutPrefix(strings.Trim(word, `'"()[],.`), "--")
				name, _, _ := strings.Cut(flag, "=")
				if isFlag && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
					findings = append(findings, fmt.Sprintf("%q: %s has no flag --%s", match[1], words[0], name))
				}
			}
		}
	}
	return findings
}

// Every command in a document exists, with its flags. The notes are frozen.
func TestCommandsInDocuments(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	if _, err := os.Stat(filepath.Join(root, "README.md")); err != nil {
		t.Skip("the documents are not here")
	}
	for _, pattern := range []string{"*.md", "docs/*.md", "bench/*.md", "pretrained/*.md", ".github/*.md"} {
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, finding := range unknownCommands(string(text)) {
				t.Errorf("%s: %s", strings.TrimPrefix(name, root+string(filepath.Separator)), finding)
			}
		}
	}
}

func TestUnknownCommands(t *testing.T) {
	for _, tt := range []struct {
		markdown string
		want     string // a part of the only finding
	}{
		{"`taylornet train --epochs 3 --json`, `taylornet` and taylornet trains", ""},
		{"`taylornet trian`", "no command trian"},
		{"`taylornet eval\nRUN --epochs 3`", "eval has no flag --epochs"},
		{"`for s in 1 2; do taylornet train --sed $s; done`", "train has no flag --sed"},
		{"    go run ./cmd/taylornet trian    # trains\n", "no command trian"},
		{"    ./taylornet eval mnist # --no-flag\n", ""},
		{"```\ntaylornet net --gone=1\n```", "net has no flag --gone"},
		{"`taylornet sweep --try '--gone 1' --try ''`", "sweep has no flag --gone"},
	} {
		got := unknownCommands(tt.markdown)
		if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
			t.Errorf("%q: got %q, want %q", tt.markdown, got, tt.want)
		}
	}
}
