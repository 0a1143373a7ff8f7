package lint

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// block is a run of lines of a document that belong together.
type block struct {
	line int // of its first line, from 1
	kind kind
	text string
}

type kind int

const (
	prose kind = iota // a paragraph, or one item of a list
	heading
	table
	code
	quotation
)

var (
	headingLine = regexp.MustCompile(`^#{1,6} `)
	itemLine    = regexp.MustCompile(`^ *([-*+]|\d+\.) `)
	codeSpan    = regexp.MustCompile("(?s)``.+?``|`[^`]*`")
	linkText    = regexp.MustCompile(`(?s)!?\[([^\[\]]*)\]\([^()]*\)`)
	quoted      = regexp.MustCompile(`(?s)"[^"]*"`)
)

// blocks cuts Markdown into its blocks. Front matter, as in templates for issues, and
// comments count as code.
func blocks(markdown string) (found []block) {
	fence, blank := "", true
	for i, line := range strings.Split(strings.TrimSuffix(markdown, "\n"), "\n") {
		k, begins := prose, blank
		var last kind
		if len(found) > 0 {
			last = found[len(found)-1].kind
		}
		switch bare := strings.TrimSpace(line); {
		case fence != "":
			k, begins = code, false
			if strings.HasSuffix(bare, fence) {
				fence, blank = "", true
				found[len(found)-1].text += "\n" + line
				continue
			}
		case strings.HasPrefix(bare, "```"), strings.HasPrefix(bare, "<!--") && !strings.HasSuffix(bare, "-->"), bare == "---" && i == 0:
			fence = map[byte]string{'`': "```", '<': "-->", '-': "---"}[bare[0]]
			k, begins = code, true
		case bare == "":
			blank = true
			continue
		case strings.HasPrefix(line, "    ") && (blank || last == code):
			k = code
		case headingLine.MatchString(line):
			k, begins = heading, true
		case strings.HasPrefix(bare, "|"):
			k = table
		case strings.HasPrefix(bare, ">"):
			k = quotation
		case itemLine.MatchString(line):
			begins = true
		}
		blank = false
		if begins || last != k || len(found) == 0 {
			found = append(found, block{i + 1, k, line})
		} else {
			found[len(found)-1].text += "\n" + line
		}
	}
	return found
}

// plain is the text of prose or of a heading as it is read: links are their text, and a
// piece of code is one word.
func plain(text string) string {
	text = codeSpan.ReplaceAllString(text, "CODE")
	for linkText.MatchString(text) { // an image may stand in a link
		text = linkText.ReplaceAllString(text, "$1")
	}
	return text
}

// sentences cuts prose into its sentences. A full stop ends one if white space follows
// and then no lower-case letter, so that "e.g. this" goes on.
func sentences(text string) (found []string) {
	words := strings.Fields(itemLine.ReplaceAllString(plain(quoted.ReplaceAllString(text, "QUOTATION")), ""))
	from := 0
	for i, word := range words {
		end := strings.TrimRight(word, `)]"*_`)
		closed := strings.HasSuffix(end, ".") || strings.HasSuffix(end, "!") || strings.HasSuffix(end, "?")
		if i == len(words)-1 || closed && !unicode.IsLower([]rune(words[i+1])[0]) {
			found = append(found, strings.Join(words[from:i+1], " "))
			from = i + 1
		}
	}
	return found
}

// anchors returns the names by which GitHub links to the headings.
func anchors(markdown string) (found []string) {
	for _, b := range blocks(markdown) {
		if b.kind != heading {
			continue
		}
		text := strings.TrimLeft(b.text, "# ")
		for linkText.MatchString(text) {
			text = linkText.ReplaceAllString(text, "$1")
		}
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, text)
		first := name
		for n := 1; slices.Contains(found, name); n++ {
			name = first + "-" + strconv.Itoa(n)
		}
		found = append(found, name)
	}
	return found
}
