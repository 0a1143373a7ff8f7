//go:build linux

package hostile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// edit is a change to a file of a folder.
type edit struct {
	file   string
	change func(content []byte) []byte
}

// edited returns a function that writes a copy of a folder with a file changed.
func edited(from string, e edit) func(string) error {
	return func(path string) error {
		if err := os.CopyFS(path, os.DirFS(from)); err != nil {
			return err
		}
		file := filepath.Join(path, e.file)
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return os.WriteFile(file, e.change(content), 0o666)
	}
}

var (
	readsReferences = []string{
		"classify {in} {digit} --model {run} --json --quiet",
		"classify {in} {digit} --model {run} --out {out}",
		"classify {in} --model {run} --out {out}",
		"classify {in} --model {run} --data digits --json --quiet",
		"classify {in} --model {run} --data digits --other digits --similarity euclidean",
		"classify {in} {digit} --json --quiet",
		"net {in}",
	}
	readsCheckpoint = []string{
		"train --resume --out {in} --json --quiet",
		"train --resume --out {in}",
	}
	readsRun = []string{
		"train --resume --out {in}",
		"eval {in} --json --quiet",
		"eval {in} --split validation",
		"net {in}",
		"predict {in} {digit} --json --quiet",
		"train --teacher {in} --data digits --epochs 1 --out {out} --quiet",
		"distill {in} --levels 1 --steps 1 --evaluate none --out {out} --json --quiet",
	}
	readsSweep = []string{
		"sweep --resume --out {in} --json --quiet",
		"sweep --resume --out {in} --test",
		"sweep --resume --out {in} --parallel 3 --quiet",
		"train --teacher {in}/recipe --data digits --epochs 1 --out {out} --quiet",
	}
	readsDistillation = []string{
		"distill --resume --out {in} --json --quiet",
		"distill --resume --out {in}",
		"classify {in}/refs-1.safetensors {digit} --json --quiet",
	}
)

// wrongNumbers are given to every number of a run's record, a sweep's, a result's.
var wrongNumbers = []string{
	"1e300", "-1e300", "1e308", "5e-324", "0", "-1", "1152921504606846976", "9223372036854775807", "18446744073709551615", "99", "-9e18",
}

func must(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// settings are the numbers and texts among the settings of a run.
var settings = []string{
	"seed", "epochs", "batch", "micro_batch", "rate", "weight_decay", "momentum", "warm_up", "average", "smoothing", "mixup",
	"clip", "freeze", "spread", "validation", "patience",
	"augment.shift", "augment.rotate", "augment.scale", "augment.shear", "augment.elastic", "augment.crop", "augment.cutout",
	"augment.contrast", "augment.noise",
}

// runs are hostile folders of runs.
func runs(base places, random *rand.Rand) []input {
	from := filepath.Join(base.base, "run")
	var list []input
	add := func(name string, e edit) {
		commands := readsRun
		if e.file == "last.safetensors" {
			commands = readsCheckpoint
		}
		list = append(list, input{"run " + name, edited(from, e), commands})
	}
	progress := func(path, value string) {
		add(fmt.Sprintf("progress %s %.30q", path, value), edit{"last.safetensors", func(b []byte) []byte { return setMetadata(b, "progress", path, value) }})
	}
	for _, number := range wrongNumbers {
		for _, path := range []string{
			"step", "best", "optimiser_steps", "partial.loss", "partial.seconds", "partial.images", "partial.correct", "history.0.epoch",
			"history.0.train_loss", "history.1.train_loss", "history.0.validation_loss", "history.1.validation_accuracy",
			"history.0.train_accuracy", "history.0.seconds", "history.0.rate", "history.0.images_per_second",
		} {
			progress(path, number)
		}
		for _, path := range []string{"epochs", "batch", "validation", "average"} {
			progress("config."+path, number)
		}
		path := settings[random.IntN(len(settings))]
		progress("config."+path, number)
		add("config "+path+" "+number, edit{"config.json", func(b []byte) []byte { return set(b, path, number) }})
	}
	progress("history", "["+repeated(`{"epoch":1}`, 50_000, ",")+"]")
	progress("history", "null")
	progress("done", "true")
	progress("done", "false")
	nets := netsBySize()
	for _, name := range []string{"CGs 53", "gains 16 residual", "lattice 8192", "padding 8000", "channels 20000", "classes 65536", "CGs 9000"} {
		progress("config.net", quoted(nets[name]))
	}
	for name, evil := range evilNames() {
		for _, path := range []string{"config.data", "config.net", "data_sha256", "config.optimiser", "config.teacher"} {
			progress(path, quoted(evil))
		}
		add("config data "+name, edit{"config.json", func(b []byte) []byte { return set(b, "data", quoted(evil)) }})
	}
	for _, e := range []edit{
		{"metrics.jsonl", func([]byte) []byte { return []byte(strings.Repeat(`{"epoch":1,"train_loss":1e300}`+"\n", 20_000)) }},
		{"metrics.jsonl", func([]byte) []byte { return []byte("\x1b[31m\x00\n\n{") }},
		{"config.json", func([]byte) []byte { return []byte(strings.Repeat("[", 300_000)) }},
		{"config.json", func([]byte) []byte { return nil }},
		{"last.safetensors", func([]byte) []byte { return nil }},
		{"model.safetensors", func([]byte) []byte { return nil }},
		{"last.safetensors", func(b []byte) []byte { return b[:len(b)/2] }},
		{"model.safetensors", func([]byte) []byte { return modelFile(nets["lattice 8192"], even, nil) }},
	} {
		add("file "+e.file, e)
	}
	for i := range 60 {
		file := []string{"last.safetensors", "last.safetensors", "model.safetensors"}[i%3]
		n := random.Uint64()
		add(fmt.Sprint("mutated ", i), edit{file, func(b []byte) []byte { return mutateFile(b, rand.New(rand.NewPCG(n, 0))) }})
	}
	return list
}

// sweeps are hostile folders of sweeps.
func sweeps(base places, random *rand.Rand) []input {
	from := filepath.Join(base.base, "sweep")
	var list []input
	add := func(name string, e edit) { list = append(list, input{"sweep " + name, edited(from, e), readsSweep}) }
	change := func(file, path, value string) {
		add(fmt.Sprintf("%s %s %.30q", file, path, value), edit{file, func(b []byte) []byte { return set(b, path, value) }})
	}
	const result = "recipe/seed-1/result.json"
	for _, number := range wrongNumbers {
		for _, path := range []string{"validation_accuracy", "test_accuracy", "seconds", "epochs"} {
			change(result, path, number)
		}
		for _, path := range []string{"seeds", "seed", "variations.0.config.epochs", "variations.0.config.batch", "variations.0.config.validation"} {
			change("sweep.json", path, number)
		}
		change("results.json", "variations.0.validation.mean", number)
	}
	change("sweep.json", "seeds", "1000000000")
	change("sweep.json", "variations", "["+repeated(`{"flags":"","folder":"recipe"}`, 10_000, ",")+"]")
	change("sweep.json", "variations", "[]")
	change("sweep.json", "variations.0.folder", `"../../../../tmp"`)
	change("sweep.json", "variations.0.folder", `"`+repeated("x", 5000, "")+`"`)
	change("sweep.json", "variations.0.config.net", quoted(netsBySize()["lattice 8192"]))
	change(result, "diverged", "true")
	for _, evil := range evilNames() {
		for _, path := range []string{"data", "variations.0.flags", "variations.0.folder", "variations.0.config.data", "variations.0.data_sha256"} {
			change("sweep.json", path, quoted(evil))
		}
		change(result, "model", quoted(evil))
	}
	for i := range 40 {
		file := []string{"sweep.json", result, "results.json"}[i%3]
		n := random.Uint64()
		add(fmt.Sprint("mutated ", i), edit{file, func(b []byte) []byte { return mutate(b, rand.New(rand.NewPCG(n, 0))) }})
	}
	return list
}

// references are hostile files of references, and folders of distillations.
func references(t *testing.T, base places, random *rand.Rand) []input {
	t.Helper()
	from := filepath.Join(base.base, "refs")
	valid := must(t, filepath.Join(from, "refs-1.safetensors"))
	var list []input
	add := func(name string, data func() []byte) {
		list = append(list, input{"references " + name, made(data), readsReferences})
	}
	record := func(path, value string) {
		add(fmt.Sprintf("record %s %.30q", path, value), func() []byte { return setMetadata(valid, "record", path, value) })
	}
	for _, number := range wrongNumbers {
		for _, path := range []string{"config.per_class.0", "config.per_class.1", "config.steps.0", "config.refine", "config.seed", "config.paint.rate", "config.paint.keep"} {
			record(path, number)
		}
	}
	record("config.per_class", "["+repeated("1", 500, ",")+"]")
	record("config.per_class", "["+repeated("1048576", 20, ",")+"]")
	record("models", "["+repeated(`"x"`, 50_000, ",")+"]")
	record("models", `["../../../../etc/passwd"]`)
	record("classes", "["+repeated(`"x"`, 65_000, ",")+"]")
	for _, evil := range evilNames() {
		record("classes.0", quoted(evil))
		record("config.data", quoted(evil))
		record("models.0", quoted(evil))
		record("fingerprint", quoted(evil))
	}
	for name, shape := range map[string][]int{
		"lattice 8192": {10, 8192, 8192, 1}, "nothing": {10, 0, 0, 1}, "a row": {10, 1, 64, 1}, "a column": {10, 64, 1, 1}, "channels": {10, 1, 1, 64}, "overflow": {1 << 40, 1 << 40, 1, 1},
	} {
		add("images "+name, func() []byte {
			header, data := split(valid)
			object(header["images"])["shape"] = shape
			return join(header, data)
		})
	}
	for name, data := range brokenFiles(valid) {
		list = append(list, input{"references broken " + name, made(func() []byte { return data }), readsReferences[:2]})
	}
	for i := range 40 {
		n := random.Uint64()
		add(fmt.Sprint("mutated ", i), func() []byte { return mutateFile(valid, rand.New(rand.NewPCG(n, 0))) })
		file := []string{"config.json", "evaluation.json"}[i%2]
		list = append(list, input{fmt.Sprintf("distillation %d", i), edited(from, edit{file, func(b []byte) []byte {
			return mutate(b, rand.New(rand.NewPCG(n, 1)))
		}}), readsDistillation})
	}
	return list
}
