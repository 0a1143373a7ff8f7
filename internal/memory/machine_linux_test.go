package memory

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLimit(t *testing.T) {
	root := t.TempDir()
	for file, text := range map[string]string{
		"memory.max":                               "max\n",
		"jobs/memory.max":                          "3000\n",
		"jobs/one/memory.max":                      "max\n",
		"memory/docker/memory.limit_in_bytes":      "2000\n",
		"memory/docker/deep/memory.limit_in_bytes": "9223372036854771712\n",
	} {
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for list, want := range map[string]int64{
		"":                             0,
		"0::/\n":                       0,
		"0::/jobs/one\n":               3000,
		"0::/elsewhere\n":              0,
		"4:cpu,memory:/docker/deep\n":  2000,
		"3:cpu:/docker\n1:name=x:/\n":  0,
		"0::/jobs\n4:memory:/docker\n": 2000,
		"nonsense":                     0,
	} {
		if got := limit(root, []byte(list)); got != want {
			t.Errorf("limit of %q is %d, want %d", list, got, want)
		}
	}
}

func TestPhysical(t *testing.T) {
	if got := physical(); got < 64<<20 {
		t.Errorf("the machine has %d bytes of memory", got)
	}
}
