package sweep

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/train"
)

// FuzzReadResult checks that a result that is read can be compared and written.
func FuzzReadResult(f *testing.F) {
	f.Add([]byte(`{"seed":1,"validation_accuracy":0.9,"test_accuracy":0.8,"seconds":1.5,"epochs":2,"model":"m"}`))
	f.Add([]byte(`{"seed":1,"diverged":true}`))
	f.Add([]byte(`{"seed":1,"validation_accuracy":99,"seconds":-1e300,"epochs":-1}`))
	f.Add([]byte(`{"seed":2}`))
	f.Add([]byte(`null`))
	plan := examplePlan()
	f.Fuzz(func(t *testing.T, text []byte) {
		run := PlannedRun{Variation: plan.Variations[0], Seed: 1, Dir: t.TempDir()}
		if err := os.WriteFile(filepath.Join(run.Dir, ResultFile), text, 0o666); err != nil {
			t.Fatal(err)
		}
		result, err := run.read()
		switch {
		case err != nil && strings.Contains(err.Error(), "\n"):
			t.Errorf("an error of several lines: %v", err)
		case err != nil:
			return
		case result == nil:
			t.Fatal("a result that is there is not read")
		case !result.Diverged && result.Model != filepath.Join(run.Dir, train.ModelFile):
			t.Errorf("the model is %q", result.Model)
		}
		asJSON(t, result)
	})
}
