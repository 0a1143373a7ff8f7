package plain_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/app/internal/plain"
)

func Example() {
	fmt.Println(plain.Text("cat\x1b[31m\ndog"))
	fmt.Println(plain.Cut("a name that is far too long for a column", 21))
	fmt.Println(plain.FileName("../three: one\x07", 100))
	// Output:
	// cat\u001b[31m\ndog
	// a name tha…r a column
	// _three_ one_
}

func TestText(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"three 3, drei – три 三 ثلاثة café 👍🏽 ❤️", "three 3, drei – три 三 ثلاثة café 👍🏽 ❤️"},
		{"a\r\nb\tc", `a\r\nb\tc`},
		{"\x00\x07\x1b]0;x\x9c", `\u0000\u0007\u001b]0;x\x9c`},
		{"\u007f\u009b31m\u0085", `\u007f\u009b31m\u0085`},
		{"\u202egpj.exe\u202c\u2066x\u2069", `\u202egpj.exe\u202c\u2066x\u2069`},
		{"\u200b\u2028\u2029\ufeff\u00ad\U000e0041", `\u200b\u2028\u2029\ufeff\u00ad\udb40\udc41`},
		{"👨\u200d👩\u200d👧 می\u200cخواهم क्\u200dष", "👨\u200d👩\u200d👧 می\u200cخواهم क्\u200dष"},
		{"c\u200dat\u200c", `c\u200dat\u200c`},
		{"\xff\xc3(\ufffd", `\xff\xc3(` + "\ufffd"},
	} {
		if got := plain.Text(tt.text); got != tt.want {
			t.Errorf("%q is shown as %q, want %q", tt.text, got, tt.want)
		}
	}
	if got := plain.Lines("a\n\tb\x1b\u009b"); got != "a\n\tb\\u001b\\u009b" {
		t.Errorf("lines are shown as %q", got)
	}
}

// texts draws strings of what terminals and columns stumble over.
func texts() *rapid.Generator[string] {
	parts := rapid.SampledFrom([]string{
		"a", "/", ".", " ", "\n", "\x1b[2K", "\r", "\u009b", "\u202e", "\u200d", "漢", "👨\u200d👩\u200d👧", "🇩🇪", "é", "e\u0301", strings.Repeat("\u0301", 40), "\xff", "\x00", "\U000e0041",
	})
	return rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOf(parts).Draw(t, "parts"), "") }))
}

func TestAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		checkText(t, text)
		columns := rapid.IntRange(3, 40).Draw(t, "columns")
		cut := plain.Cut(plain.Text(text), columns)
		if plain.Width(cut) > columns || !utf8.ValidString(cut) || len(cut) > 2*columns+63 {
			t.Fatalf("%q is cut to %q of %d columns, not %d", text, cut, plain.Width(cut), columns)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("cat\x1b[31m\n\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) { checkText(t, text) })
}

// checkText checks that a text is shown without control characters, alone and within JSON.
func checkText(t interface{ Fatalf(string, ...any) }, text string) {
	shown := plain.Text(text)
	for _, r := range shown {
		if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || unicode.Is(unicode.Bidi_Control, r) {
			t.Fatalf("%q is shown as %q, with %U", text, shown, r)
		}
	}
	if !utf8.ValidString(shown) || plain.Text(shown) != shown {
		t.Fatalf("%q is shown as %q, and that as %q", text, shown, plain.Text(shown))
	}
	var b bytes.Buffer
	if err := json.NewEncoder(plain.Writer{Writer: &b}).Encode(text); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	var back string
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back != strings.ToValidUTF8(back, "") || utf8.ValidString(text) && back != text {
		t.Fatalf("%q is %q in JSON, read as %q, %v", text, b.Bytes(), back, err)
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		text    string
		columns int
		want    string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "a…d"},
		{"漢字漢字", 8, "漢字漢字"},
		{"漢字漢字漢", 8, "漢…字漢"},
		{"👨\u200d👩\u200d👧👨\u200d👩\u200d👧👨\u200d👩\u200d👧", 6, "👨\u200d👩\u200d👧👨\u200d👩\u200d👧👨\u200d👩\u200d👧"},
		{"e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301…e\u0301"},
		{strings.Repeat("x", 1<<20) + "y", 5, "xx…xy"},
	} {
		if got := plain.Cut(tt.text, tt.columns); got != tt.want {
			t.Errorf("%.40q is cut to %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestFileName: any text makes a name that a file can have.
func TestFileName(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		name := plain.FileName(text, 100)
		if len(name) > 100 || strings.ContainsAny(name, `/\:`) || strings.HasPrefix(name, ".") || plain.Text(name) != name {
			t.Fatalf("%q makes the name %q", text, name)
		}
		path := filepath.Join(dir, "1-"+name+".png")
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
