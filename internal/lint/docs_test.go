package lint

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/coarsegrain/taylornet/spec"
)

// Bounds of the house rules for documents.
const (
	maxSentence = 40  // words
	maxLine     = 100 // characters
	maxReadme   = 700 // words, as wc -w counts
)

// documents returns the text of each Markdown file by its path in the repository.
func documents(t *testing.T) map[string]string {
	t.Helper()
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "README.md")); err != nil {
		t.Skip("the documents are not here")
	}
	found := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		local, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := d.Name()
			if ignored := strings.HasPrefix(base, ".") && base != ".github" || slices.Contains([]string{"runs", "sweeps", "made", "dist", "testdata"}, base); ignored && local != "." {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) == ".md" {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			found[filepath.ToSlash(local)] = string(text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
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

var target = regexp.MustCompile(`\]\(\s*([^)\s]+)[^)]*\)|(?m:^\[[^\]]+\]:\s+(\S+))`)

// brokenLinks returns the links that lead nowhere. exists reports whether a path of the
// repository does.
func brokenLinks(docs map[string]string, exists func(path string) bool) (findings []string) {
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		for _, b := range blocks(docs[name]) {
			if b.kind == code {
				continue
			}
			for _, match := range target.FindAllStringSubmatch(codeSpan.ReplaceAllString(b.text, "CODE"), -1) {
				link := match[1] + match[2]
				if strings.Contains(link, ":") { // another site
					continue
				}
				file, anchor, _ := strings.Cut(link, "#")
				to := name
				if file != "" {
					to = path.Join(path.Dir(name), file)
				}
				text, isDocument := docs[to]
				switch {
				case !isDocument && !exists(to):
					findings = append(findings, fmt.Sprintf("%s:%d: %s is not there", name, b.line, link))
				case isDocument && anchor != "" && !slices.Contains(anchors(text), anchor):
					findings = append(findings, fmt.Sprintf("%s:%d: %s: no heading of that name", name, b.line, link))
				}
			}
		}
	}
	return findings
}

// Every link within the repository leads to a file, and to a heading where it names one.
func TestLinksInDocuments(t *testing.T) {
	findings := brokenLinks(documents(t), func(name string) bool {
		_, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(name)))
		return err == nil
	})
	for _, finding := range findings {
		t.Error(finding)
	}
}

func TestBrokenLinks(t *testing.T) {
	docs := map[string]string{
		"README.md": "# Top\n\n[page](docs/page.md#a-b-c) ![picture](docs/p.png) [site](https://x.org/#y) `[a](b)`\n\n    [in code](gone.md)\n",
		"docs/page.md": "# A `b`, c!\n\n## Twice\n\n## Twice\n\n[up](../README.md#top) [here](#twice-1) [a](../internal)\n" +
			"[file](gone.md) [heading](#thrice)\n[broken\nline](../README.md#bottom)\n\n[ref]: gone.png\n",
	}
	got := brokenLinks(docs, func(name string) bool { return name == "docs/p.png" || name == "internal" })
	want := []string{
		"docs/page.md:7: gone.md is not there",
		"docs/page.md:7: #thrice: no heading of that name",
		"docs/page.md:7: ../README.md#bottom: no heading of that name",
		"docs/page.md:12: gone.png is not there",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// longText returns the sentences and lines of a document that are too long. Tables, code
// and quotations are free, and so are lines with a link.
func longText(name, text string) (findings []string) {
	for _, b := range blocks(text) {
		if b.kind != prose {
			continue
		}
		for _, s := range sentences(b.text) {
			if n := len(strings.Fields(s)); n > maxSentence {
				findings = append(findings, fmt.Sprintf("%s:%d: a sentence of %d words, at most %d: make two of it: %s", name, b.line, n, maxSentence, s))
			}
		}
		for i, line := range strings.Split(b.text, "\n") {
			if n := utf8.RuneCountInString(line); n > maxLine && !strings.Contains(line, "](") && !strings.Contains(line, "://") {
				findings = append(findings, fmt.Sprintf("%s:%d: a line of %d characters, at most %d: break it", name, b.line+i, n, maxLine))
			}
		}
	}
	return findings
}

func TestLengthsInDocuments(t *testing.T) {
	for name, text := range documents(t) {
		if strings.HasPrefix(name, "docs/notes/") { // notes are frozen
			continue
		}
		for _, finding := range longText(name, text) {
			t.Error(finding)
		}
		if n := len(strings.Fields(text)); name == "README.md" && n > maxReadme {
			t.Errorf("%s has %d words, at most %d: move details into docs", name, n, maxReadme)
		}
	}
}

func TestLongText(t *testing.T) {
	words := func(n int) string { return strings.TrimSpace(strings.Repeat("word\n", n)) }
	for _, tt := range []struct {
		name, text string
		want       []string // a part of each finding
	}{
		{"40 words", words(40) + ". Next.", nil},
		{"41 words", words(41) + ". Next.", []string{"a.md:1: a sentence of 41 words"}},
		{"no full stop", words(41), []string{"41 words"}},
		{"in the second paragraph", "One.\n\n" + words(50) + ".", []string{"a.md:3: a sentence of 50 words"}},
		{"abbreviation", words(30) + " e.g. " + words(10), []string{"41 words"}},
		{"in brackets", "(" + words(30) + ".) (" + words(30) + ".)", nil},
		{"code begins a sentence", words(30) + ". `go " + words(30) + "` " + words(30) + ".", nil},
		{"items", "- " + words(30) + "\n- " + words(30) + "\n1. " + words(30), nil},
		{"long item", "- One.\n- " + words(41), []string{"a.md:2: a sentence of 41 words"}},
		{"link", words(30) + " [" + words(11) + "](x.md).", []string{"41 words"}},
		{"quotation", words(30) + ` "` + words(11) + `".`, nil},
		{"block quotation", "> " + words(1) + strings.Repeat(" word", 41), nil},
		{"table", "| " + strings.Repeat("word ", 50) + " |", nil},
		{"fence", "```\n" + strings.Repeat("word ", 50) + "\n```", nil},
		{"after a fence", "```\ncode\n```\n" + words(41), []string{"a.md:4: a sentence of 41 words"}},
		{"indented code", "Text:\n\n    " + strings.Repeat("word ", 50), nil},
		{"continued item", "- One\n    " + words(40), []string{"41 words"}},
		{"front matter", "---\nabout: " + words(41) + "\n---\nText.", nil},
		{"comment", "<!--\n" + words(41) + "\n-->\nText.", nil},
		{"heading", "# " + words(1) + "\nText.", nil},
		{"long line", "Short.\n" + strings.Repeat("é", 101), []string{"a.md:2: a line of 101 characters"}},
		{"line of 100", strings.Repeat("é", 100), nil},
		{"long link", strings.Repeat("x", 90) + " [link](docs/page.md)", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := longText("a.md", tt.text)
			if len(got) != len(tt.want) {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			for i := range got {
				if !strings.Contains(got[i], tt.want[i]) {
					t.Errorf("got %q, want one with %q", got[i], tt.want[i])
				}
			}
		})
	}
}
