package cli

import (
	"slices"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" \t\n", nil},
		{"--rate 0.005", []string{"--rate", "0.005"}},
		{"  --rate\t 0.005\n", []string{"--rate", "0.005"}},
		{"--net 'Input(8,8,1) CG(2,2,1,2,2)'", []string{"--net", "Input(8,8,1) CG(2,2,1,2,2)"}},
		{`--net="a 'b'"c`, []string{"--net=a 'b'c"}},
		{`'' ""`, []string{"", ""}},
		{`'a\b' "a\b\"\$" a\b\ c`, []string{`a\b`, `a\b"$`, "ab c"}},
		{`'it'\''s'`, []string{"it's"}},
		{"$HOME * #x", []string{"$HOME", "*", "#x"}},
	} {
		got, err := splitWords(tt.text)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, %v, want %q", tt.text, got, err, tt.want)
		}
	}
	for _, text := range []string{"'", `a "b`, `a\`, `"\`, `"a\"`} {
		if got, err := splitWords(text); err == nil {
			t.Errorf("%q: no error, but %q", text, got)
		}
	}
}

// FuzzSplitWords checks that words can be written and split again.
func FuzzSplitWords(f *testing.F) {
	f.Add("--rate 0.005 --net 'Input(8,8,1) Linear(10)'")
	f.Add(`"a\"b" 'it'\''s' \ `)
	f.Fuzz(func(t *testing.T, text string) {
		words, err := splitWords(text)
		if err != nil {
			return
		}
		again, err := splitWords(joinWords(words))
		if err != nil || !slices.Equal(again, words) {
			t.Errorf("%q is split into %q, written %q and split into %q, %v", text, words, joinWords(words), again, err)
		}
	})
}
