package plain

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Text returns a text on one line: control characters, those that turn the direction of
// text or are invisible, and bytes that are not UTF-8 become escapes such as \n and \u001b.
// Joiners stay in the scripts and emoji that need them.
func Text(s string) string { return escape(s, "") }

// Lines is Text, but keeps the ends of lines and tabs. The escapes are those of JSON, so that
// JSON stays what it is.
func Lines(s string) string { return escape(s, "\n\t") }

func escape(s, keep string) string {
	var b strings.Builder
	b.Grow(len(s))
	before := rune(0) // if it was kept
	for i, r := range s {
		bad := r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd")
		if !bad && (isPlain(r, before) || strings.ContainsRune(keep, r)) {
			b.WriteRune(r)
			before = r
			continue
		}
		before = 0
		switch short, ok := map[rune]string{'\n': `\n`, '\t': `\t`, '\r': `\r`}[r]; {
		case ok:
			b.WriteString(short)
		case bad:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// isPlain reports whether a character can be shown as it is after another one.
func isPlain(r, before rune) bool {
	if r == '\u200c' || r == '\u200d' { // joiners
		return before >= firstMark
	}
	ascii := r >= ' ' && r <= '~'
	return ascii || !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// firstMark is where combining marks begin, and the scripts that have joiners after them.
const firstMark = 0x300

// Writer writes text through Lines. Each write must end with a whole character.
type Writer struct{ io.Writer }

// Write implements io.Writer.
func (w Writer) Write(p []byte) (int, error) {
	safe := Lines(string(p))
	if n, err := io.WriteString(w.Writer, safe); err != nil {
		return min(n, len(p)), err
	}
	return len(p), nil
}

// Width returns the number of columns that a text takes on a terminal: letters of East Asia
// and emoji take two, combining marks none.
func Width(s string) int { return uniseg.StringWidth(s) }

// bytesPerColumn, and so many more, bound the combining marks that are kept on letters.
const bytesPerColumn, moreBytes = 2, 60

// Cut returns a text of at most that many columns, 3 or more. The middle of a longer one is
// left out, for the ends of names say most.
func Cut(s string, columns int) string {
	most := bytesPerColumn*columns + moreBytes
	if len(s) <= columns || len(s) <= most && Width(s) <= columns {
		return s
	}
	head := start(s[:min(len(s), most/2)], (columns-1)/2)
	tail := end(s[max(len(head), len(s)-most/2):], columns-1-Width(head))
	return head + "…" + tail
}

// start returns the first characters of a text that fit so many columns.
func start(s string, columns int) string {
	rest, state, width := s, -1, 0
	for rest != "" {
		var w int
		before := rest
		_, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if width += w; width > columns {
			return s[:len(s)-len(before)]
		}
	}
	return strings.ToValidUTF8(s, "")
}

// end returns the last characters of a text that fit so many columns.
func end(s string, columns int) string {
	s = strings.ToValidUTF8(s, "")
	left, state, over := s, -1, Width(s)-columns
	for left != "" && over > 0 {
		var w int
		_, left, w, state = uniseg.FirstGraphemeClusterInString(left, state)
		over -= w
	}
	return left
}

// FileName returns a part of a file's name that every system takes, of at most that many
// bytes. What cannot be in a name becomes an underscore. It may be empty.
func FileName(s string, most int) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return '_'
		}
		return r
	}, s)
	for len(name) > most {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return strings.Trim(name, ". ")
}
