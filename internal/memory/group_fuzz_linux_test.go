package memory

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzLimit checks that any list of control groups, and any limit in them, gives none or
// one above 0.
func FuzzLimit(f *testing.F) {
	f.Add([]byte("0::/a/b\n"), []byte("4096\n"))
	f.Add([]byte("5:cpu,memory:/a\n0::/\n"), []byte("max"))
	f.Add([]byte("::\n:memory:../../..\n"), []byte("-1"))
	f.Add([]byte("0::a"), []byte("9223372036854775808"))
	f.Fuzz(func(t *testing.T, list, text []byte) {
		root := t.TempDir()
		if err := os.WriteFile(filepath.Join(root, "memory.max"), text, 0o666); err != nil {
			t.Fatal(err)
		}
		if n := limit(root, list); n < 0 {
			t.Errorf("a limit of %d bytes", n)
		}
	})
}
