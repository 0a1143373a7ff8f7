package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"image"
	"image/png"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/model"
)

// noSleep keeps a command that was built with the race detector from sleeping for a second
// at its end, when it no longer takes signals.
const noSleep = "atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	_ = os.Setenv("GORACE", noSleep)
	testscript.Main(m, map[string]func(){
		"taylornet": func() { os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the command as a user does; see testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			// Nothing is found but what a script makes.
			e.Setenv("XDG_CACHE_HOME", e.WorkDir+"/cache")
			e.Setenv("TAYLORNET_DATA", "")
			e.Setenv("GORACE", noSleep)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fails": fails, "json": jsonKeys, "digit": drawDigit, "blank": drawBlank, "scale": scale, "partials": partials, "explained": explained, "cut": cut, "flip": flip, "waitfor": waitFor, "repeat": repeatReported,
		},
		Condition: func(name string) (bool, error) {
			if set, ok := strings.CutPrefix(name, "system:"); ok {
				_, err := dataset.Load(t.Context(), set, dataset.Options{})
				return err == nil, nil
			}
			return false, errors.New("unknown condition")
		},
	})
}

// fails STATUS ARGS... runs taylornet, which must end with the status, write
// one line to standard error, and nothing to standard output.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails STATUS ARGS...")
	}
	err := ts.Exec("taylornet", args[1:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		ts.Fatalf("want an exit status, got %v", err)
	}
	if got := strconv.Itoa(exit.ExitCode()); got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
	text := ts.ReadFile("stderr")
	if !strings.HasPrefix(text, "taylornet: ") || strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		ts.Fatalf("want one line on standard error, got %q", text)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("want nothing on standard output, got %q", out)
	}
}

// json FILE KEY... checks that a file is one JSON object with these keys.
func jsonKeys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: json FILE KEY...")
	}
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	var object map[string]any
	ts.Check(decoder.Decode(&object))
	if decoder.More() {
		ts.Fatalf("%s holds more than one JSON value", args[0])
	}
	for _, key := range args[1:] {
		if _, ok := object[key]; !ok {
			ts.Fatalf("%s has no key %q: %v", args[0], key, object)
		}
	}
}

// partials FILE SHORT checks that the evaluation of a model that was cut off, in file SHORT,
// agrees with that of the whole model, in FILE, up to each order.
func partials(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: partials FILE SHORT")
	}
	var whole, short struct {
		Accuracy float64
		Partial  []struct{ Accuracy float64 }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &whole))
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &short))
	if len(whole.Partial) == 0 || !slices.Equal(whole.Partial, short.Partial) {
		ts.Fatalf("the partial sums are right %v, those of the short model %v", whole.Partial, short.Partial)
	}
	if last := whole.Partial[len(whole.Partial)-1].Accuracy; last != short.Accuracy || last == whole.Accuracy {
		ts.Fatalf("the short model is right %v, the last partial sum %v, the whole model %v", short.Accuracy, last, whole.Accuracy)
	}
}

// explained FILE checks that every image's orders, the last of which may be all higher
// ones, add up to its logits, and the pixels' shares to that of the class.
func explained(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: explained FILE")
	}
	var out struct {
		Classes []string
		Degree  int
		Images  []struct {
			Class   string
			Logits  []float64
			ByOrder []struct {
				Order     int
				AndHigher bool `json:"and_higher"`
				Logits    []float64
			} `json:"by_order"`
			Attribution []float64
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &out))
	if len(out.Images) == 0 {
		ts.Fatalf("%s has no images", args[0])
	}
	for _, image := range out.Images {
		orders, sum, exact := out.Degree+1, make([]float64, len(image.Logits)), 1e-9
		if image.ByOrder[len(image.ByOrder)-1].AndHigher {
			orders, exact = 4, 1e-5
		}
		for _, o := range image.ByOrder {
			for k, v := range o.Logits {
				sum[k] += v
			}
		}
		tol := func(int) float64 { return 1e-9 }
		if err := approx.Slices(sum, image.Logits, tol); err != nil || len(image.ByOrder) != orders {
			ts.Fatalf("%d orders of degree %d: %v", len(image.ByOrder), out.Degree, err)
		}
		label := slices.Index(out.Classes, image.Class)
		total := image.ByOrder[0].Logits[label]
		for _, v := range image.Attribution {
			total += v
		}
		if !approx.Close(total, image.Logits[label], exact) {
			ts.Fatalf("the pixels and the constant add up to %v, the logit is %v", total, image.Logits[label])
		}
	}
}

// digit FILE N SIDE [negative] draws the n-th test digit as a PNG picture,
// SIDE pixels wide.
func drawDigit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: digit FILE N SIDE [negative]")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	side, err := strconv.Atoi(args[2])
	ts.Check(err)
	digits, err := dataset.Digits()
	ts.Check(err)
	img := &image.Gray{
		Pix:    dataset.FromImage(digits.Test.Picture(n), side, side, 1),
		Stride: side, Rect: image.Rect(0, 0, side, side),
	}
	if slices.Contains(args[3:], "negative") {
		pixels := img.Pix
		for i := range pixels {
			pixels[i] = 0xff - pixels[i]
		}
	}
	var file bytes.Buffer
	ts.Check(png.Encode(&file, img))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), file.Bytes(), 0o666))
}

// scale MODEL FACTOR multiplies the logits of a model that ends with a linear layer.
func scale(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: scale MODEL FACTOR")
	}
	m, err := model.Load(ts.MkAbs(args[0]))
	ts.Check(err)
	factor, err := strconv.ParseFloat(args[1], 32)
	ts.Check(err)
	ops, scaled := m.Net().Layers(), m.Config()
	n := m.Net().NumParams()
	last := scaled.Params[n-ops[len(ops)-1].NumParams : n]
	for i := range last {
		last[i] *= float32(factor)
	}
	m, err = model.New(scaled)
	ts.Check(err)
	ts.Check(m.Save(ts.MkAbs(args[0])))
}

// repeat REPORT ARGS... runs the command that a report gives to repeat it, with more
// arguments.
func repeatReported(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: repeat REPORT ARGS...")
	}
	const before, after = `<pre class="command">`, `</pre>`
	_, rest, _ := strings.Cut(ts.ReadFile(args[0]), before)
	text, _, ok := strings.Cut(rest, after)
	if !ok {
		ts.Fatalf("%s gives no command", args[0])
	}
	words, err := splitWords(html.UnescapeString(text))
	ts.Check(err)
	ts.Check(ts.Exec(words[0], append(words[1:], args[1:]...)...))
}

// waitfor FILE waits until a file is there.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor FILE")
	}
	for range 3000 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s does not come", args[0])
}

// cut FILE N leaves the first n bytes of a file.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut FILE N")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// blank FILE SIDE writes an empty white sheet as PNG.
func drawBlank(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: blank FILE SIDE")
	}
	side, err := strconv.Atoi(args[1])
	ts.Check(err)
	img := image.NewGray(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	var b bytes.Buffer
	ts.Check(png.Encode(&b, img))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

// flip FILE N inverts the n-th byte of a file, from its end if n is negative.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	content := []byte(ts.ReadFile(args[0]))
	if n < 0 {
		n += len(content)
	}
	content[n] ^= 0xff
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), content, 0o666))
}
