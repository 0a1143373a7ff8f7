package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/coarsegrain/taylornet/app/internal/plain"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/train"
)

// evil is a name that would clear a terminal, forge a row, and turn what follows.
const evil = "cat\x1b[2J\x1b]0;t\x07\r\nforged  99.99 %\u009b31m\u202egod"

// evilFolder makes a folder of two classes of digits, whose names are evil.
func evilFolder(t *testing.T) (dir string, files []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data"+evil)
	digits, err := dataset.Digits()
	if err != nil {
		t.Fatal(err)
	}
	for k, class := range []string{"a" + evil, "漢字" + evil} {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o777); err != nil {
			t.Fatal(err)
		}
		for i, at := range digits.Train.All().OfClass(k)[:12] {
			var b bytes.Buffer
			if err := png.Encode(&b, digits.Train.Picture(int(at))); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, class, strings.Repeat("i", i)+evil+".png")
			if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, evil+".txt"), []byte(evil), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir, files
}

// evilModel writes a model whose texts are evil, as a file of anybody may be.
func evilModel(t *testing.T, dir string) string {
	t.Helper()
	net, err := spec.Parse("Input(8,8,1) CG(2,2,1,2,2) CG(2,2,1,2,2) Linear(2)")
	if err != nil {
		t.Fatal(err)
	}
	record, err := json.Marshal(train.Record{Config: train.Config{Data: dir, Net: net.String(), Seed: 1}, DataSHA256: evil, Epochs: 1})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New(model.Config{
		Net: net, Params: engine.Init(net, 1), Normalisation: dataset.Normalisation{Mean: []float32{0.5}, Std: []float32{0.5}},
		Classes: []string{"a" + evil, "漢字" + evil}, Training: record,
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model"+evil+".safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEvilNames: no command prints a control character that is in a name.
func TestEvilNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such names")
	}
	data, files := evilFolder(t)
	path := evilModel(t, data)
	t.Chdir(t.TempDir())
	train := []string{"train", "--data", data, "--size", "8x8", "--epochs", "1"}
	refs := filepath.Join("refs"+evil, "refs-1.safetensors")
	for _, args := range [][]string{
		append(slices.Clone(train), "--out", "run"+evil),
		append(slices.Clone(train), "--out", "run"+evil),
		train,
		{"train", "--data", data, "--resume"},
		{"train", "--data", data + "-no", "--net", evil},
		{"train", "--teacher", evil},
		{"sweep", "--data", data, "--size", "8x8", "--epochs", "1", "--seeds", "1", "--out", "sweep" + evil, "--try", "", "--try", "--net '\nInput(8,8,1)\n\n CG(2,2,1,2,2) Linear(2)'"},
		{"sweep", "--try", "--evil '" + evil + "'"},
		{"eval", path, "--data", data},
		{"eval", path},
		{"eval", "run" + evil, "--robustness"},
		{"eval", path, "--split", evil},
		{"predict", path, files[0], files[20]},
		{"predict", path, files[0], evil, data},
		{"predict", path, files[0], "--show", "shown" + evil},
		{"predict", evil, files[0]},
		{"explain", path},
		{"explain", path, files[0], "--second-order", "--out", "why" + evil},
		{"explain", path, "--monomials", "--about", evil},
		{"explain", path, "--about", files[1]},
		{"net", path},
		{"net", evil},
		{"net", "Input(8,8,1) " + evil},
		{"data", evil},
		{"taylor", "--data", data, "--size", "4x4", "--order", "1", "--seeds", "1", "--epochs", "1", "--out", "study" + evil},
		{"distill", "run" + evil, "--levels", "2,1", "--steps", "1,1", "--out", "refs" + evil},
		{"distill", path, "--layer", evil},
		{"classify", refs, files[3]},
		{"classify", refs, "--data", data},
		{"classify", evil, files[3]},
		{"bench", evil},
		{evil},
		{"help", evil},
		{"eval", "--" + evil},
		{"version", "--data-dir", evil},
	} {
		for _, more := range [][]string{nil, {"--json"}} {
			var stdout, stderr bytes.Buffer
			status := Main(append(slices.Clone(args), more...), &stdout, &stderr)
			name := strings.Join(append(args, more...), " ")
			shownSafely(t, name, stdout.String())
			shownSafely(t, name, stderr.String())
			if status == 0 && more != nil {
				var object map[string]any
				if err := json.Unmarshal(stdout.Bytes(), &object); err != nil {
					t.Errorf("%q: %v", name, err)
				}
			}
			t.Logf("%d %.40q %.200s", status, name, stderr.String())
		}
	}
	err := filepath.WalkDir(".", func(path string, e os.DirEntry, err error) error {
		if base := filepath.Base(path); err == nil && !e.IsDir() && line(base) != base {
			t.Errorf("the file %q was written", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// shownSafely checks what a command printed.
func shownSafely(t *testing.T, name, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%q prints bytes that are not UTF-8", name)
	}
	for text := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(text), "forged") || strings.ContainsFunc(strings.TrimSuffix(text, "\n"), func(r rune) bool {
			return unicode.In(r, unicode.Cc, unicode.Bidi_Control)
		}) {
			t.Errorf("%q prints %.300q", name, text)
		}
	}
}

// TestLongErrors: an error about a megabyte is a line that can be read.
func TestLongErrors(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	marks := "c" + strings.Repeat("\u0301", 3000)
	for _, args := range [][]string{{"net", long}, {"eval", marks}, {"eval", strings.Repeat("漢", 3000)}, {long}, {"eval", long}, {"data", long}, {"eval", "--" + long}} {
		var stdout, stderr bytes.Buffer
		if status := Main(args, &stdout, &stderr); status == 0 || stderr.Len() > 1400 || strings.Count(stderr.String(), "\n") != 1 || !strings.Contains(stderr.String(), "…") {
			t.Errorf("%.30q ends with %d and %d bytes: %.300s", args, status, stderr.Len(), stderr.String())
		}
	}
}

// TestEncode: a number that JSON does not know is told by its place.
func TestEncode(t *testing.T) {
	type inner struct {
		Logits []float64 `json:"logits"`
		hidden float64
	}
	type outer struct {
		inner2
		Images []*inner           `json:"images"`
		By     map[string]float32 `json:"by,omitempty"`
		Skip   float64            `json:"-"`
		Any    any
	}
	nan := math.NaN()
	for _, tt := range []struct {
		object any
		want   string
	}{
		{outer{Images: []*inner{nil, {Logits: []float64{1, nan}, hidden: nan}}}, "images[1].logits[1] is NaN"},
		{&outer{By: map[string]float32{"x": float32(math.Inf(1))}, Skip: nan}, "by.x is +Inf"},
		{outer{Any: []any{1, math.Inf(-1)}}, "Any[1] is -Inf"},
		{outer{inner2: inner2{Depth: nan}}, "depth is NaN"},
	} {
		if text, err := encode(tt.object); err == nil || !strings.HasPrefix(err.Error(), tt.want+", which JSON cannot say") || text != nil {
			t.Errorf("%q, %v, want %s", text, err, tt.want)
		}
	}
	if text, err := encode(outer{Skip: nan}); err != nil || !bytes.HasSuffix(text, []byte("}\n")) {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := encode(func() {}); err == nil || errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}

type inner2 struct {
	Depth float64 `json:"depth"`
}

// TestTableOfAnyNames: columns are straight whatever is in them.
func TestTableOfAnyNames(t *testing.T) {
	table := newTable("class", ">images", "note")
	for _, name := range []string{"plain", "漢字漢字", "e\u0301te\u0301", "👨\u200d👩\u200d👧", evil, strings.Repeat("long", 1000)} {
		table.add(name, "1,000", "| x")
	}
	var text strings.Builder
	table.write(&text)
	at := 0
	for text := range strings.Lines(text.String()) {
		before, _, ok := strings.Cut(text, "|")
		if ok && at == 0 {
			at = plain.Width(before)
		}
		if ok && plain.Width(before) != at || at > mostCell+20 || strings.Contains(text, "\x1b") {
			t.Errorf("the columns are not straight:\n%s", text)
		}
	}
	if n := strings.Count(text.String(), "\n"); n != 7 {
		t.Errorf("%d lines:\n%s", n, text.String())
	}
}
