package spec

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word, a punctuation mark, or the end of the source, whose text
// is empty.
type token struct {
	pos  Pos
	text string
	word bool // a name or a number: letters, digits and + - . _
}

// String describes the token in a message.
func (t token) String() string {
	if t.text == "" {
		return "the end of the source"
	}
	return fmt.Sprintf("%q", t.short())
}

// short returns the text, or the beginning of a long one.
func (t token) short() string {
	const longest = 24
	if utf8.RuneCountInString(t.text) <= longest {
		return t.text
	}
	return fmt.Sprintf("%.*s...", longest, t.text)
}

// scanner cuts a source into tokens.
type scanner struct {
	rest string
	pos  Pos
}

func newScanner(src string) scanner {
	return scanner{rest: strings.TrimPrefix(src, "\uFEFF"), pos: Pos{Line: 1, Col: 1}}
}

// next returns the next token.
func (s *scanner) next() token {
	s.skipSpace()
	t := token{pos: s.pos}
	length := strings.IndexFunc(s.rest, func(r rune) bool { return !isWord(r) })
	if length < 0 {
		length = len(s.rest)
	}
	t.word = length > 0
	if !t.word {
		_, length = utf8.DecodeRuneInString(s.rest)
	}
	t.text = s.take(length)
	return t
}

// skipSpace skips white space and comments.
func (s *scanner) skipSpace() {
	for s.rest != "" {
		switch r, size := utf8.DecodeRuneInString(s.rest); {
		case r == '#':
			length := strings.IndexByte(s.rest, '\n')
			if length < 0 {
				length = len(s.rest)
			}
			s.take(length)
		case unicode.IsSpace(r):
			s.take(size)
		default:
			return
		}
	}
}

// take cuts off the first length bytes and moves the position past them.
func (s *scanner) take(length int) string {
	text := s.rest[:length]
	s.rest = s.rest[length:]
	if text == "\n" {
		s.pos = Pos{Line: s.pos.Line + 1, Col: 1}
	} else {
		s.pos.Col += utf8.RuneCountInString(text)
	}
	return text
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("+-._", r)
}
