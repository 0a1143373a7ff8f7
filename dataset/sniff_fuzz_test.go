package dataset

import (
	"strings"
	"testing"
	"unicode"
)

// FuzzSniff checks that any file has a kind, in words that can be printed, and that what
// is no picture is not decoded.
func FuzzSniff(f *testing.F) {
	for _, k := range magics() {
		f.Add([]byte(strings.Repeat("\x01", k.at) + k.magic + "\x00\x01\x02"))
	}
	f.Add([]byte("RIFF\xff\xff\xff\xffWEBPVP8X"))
	f.Add([]byte("\xff\xff\xff\xffftypavif"))
	f.Add([]byte("II*\x00\x08\x00\x00\x00\xff\xff"))
	f.Add([]byte("\ufeff <?xml <svg"))
	f.Fuzz(func(t *testing.T, file []byte) {
		kind := sniff(file)
		if kind == "" || strings.ContainsFunc(kind, unicode.IsControl) {
			t.Fatalf("%q is %q", file, kind)
		}
		if _, err := DecodeImage(file, 1<<20); err == nil && !strings.HasSuffix(kind, " picture") {
			t.Errorf("%q is decoded, though it is %s", file, kind)
		}
	})
}
