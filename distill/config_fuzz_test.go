package distill

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzReadConfig checks that the settings of a distillation name models of its folder only.
func FuzzReadConfig(f *testing.F) {
	f.Add([]byte(`{"config":{"data":"digits","per_class":[2,1],"steps":[2,2]},"models":["ab"],"fingerprint":"cd"}`))
	f.Add([]byte(`{"models":["../../x",""]}`))
	f.Add([]byte(`{"config":{"per_class":[1e300]}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, ConfigFile), text, 0o666); err != nil {
			t.Fatal(err)
		}
		_, models, err := ReadConfig(dir)
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("an error of several lines: %v", err)
		}
		for _, path := range models {
			if filepath.Dir(path) != dir {
				t.Errorf("model %s is outside %s", path, dir)
			}
		}
	})
}
