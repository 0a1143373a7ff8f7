//go:build linux

package hostile

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// inputs are all hostile inputs.
func inputs(t *testing.T, base places, random *rand.Rand) []input {
	t.Helper()
	valid := must(t, filepath.Join(base.base, "run", "model.safetensors"))
	list := models(valid)
	for i, file := range [][]byte{valid, must(t, "../../pretrained/digits.safetensors")} {
		for j := range 40 {
			n := random.Uint64()
			list = append(list, input{fmt.Sprintf("model mutated %d.%d", i, j), made(func() []byte {
				return mutateFile(file, rand.New(rand.NewPCG(n, 0)))
			}), readsMetadata})
		}
	}
	list = append(list, references(t, base, random)...)
	list = append(list, runs(base, random)...)
	list = append(list, sweeps(base, random)...)
	list = append(list, networks(random)...)
	list = append(list, pictures(random)...)
	list = append(list, folders()...)
	list = append(list, sets()...)
	list = append(list, devices()...)
	return append(list, typed()...)
}

// networks are texts in the notation.
func networks(random *rand.Rand) []input {
	reads := []string{"net {in}", "net {in} --json", "net {in}:relu-max", "train --net {in} --data digits --epochs 1 --out {out} --memory 250MB --quiet"}
	nets := netsBySize()
	for i := range 40 {
		nets[fmt.Sprint("mutated ", i)] = mutateNotation(smallNet, random)
	}
	for name, evil := range evilNames() {
		nets["word "+name] = "Input(8,8,1) " + evil + " Linear(10)"
	}
	var list []input
	for _, name := range slices.Sorted(maps.Keys(nets)) {
		list = append(list, input{"network " + name, made(func() []byte { return []byte(nets[name]) }), reads})
	}
	return list
}

// devices are what is no file where a file is read.
func devices() []input {
	reads := slices.Concat(readsModel, readsPicture, readsReferences, []string{
		"net {in}:relu-max", "train --data {in} --epochs 1 --out {out}", "train --resume --out {in}", "sweep --resume --out {in}", "distill --resume --out {in}",
	})
	return []input{
		{"device FIFO", func(path string) error { return syscall.Mkfifo(path, 0o666) }, reads},
		{"device link to zeros", func(path string) error { return os.Symlink("/dev/zero", path) }, reads},
		{"device link to itself", func(path string) error { return os.Symlink(path, path) }, reads},
		{"device folder", func(path string) error { return os.Mkdir(path, 0o777) }, reads},
		{"device file of 100 GB", func(path string) error {
			if err := os.WriteFile(path, nil, 0o666); err != nil {
				return err
			}
			return os.Truncate(path, 100e9)
		}, reads},
		{"device nothing", nil, reads},
	}
}

// typed are words that a user can type.
func typed() []input {
	net := "'" + netsBySize()["lattice 8192"] + "'"
	return []input{{"typed", nil, []string{
		"net " + net,
		"net 'Input(8,8,1) \x1b[31m'",
		"net '" + repeated("x", 100_000, "") + "'",
		"predict '\x1b[31mmodel' {digit}",
		"predict digits 'a\nb.png'",
		"predict digits '" + repeated("x", 100_000, "") + "'",
		"'\x1b[31m'",
		"eval digits --'\x1b[31m'",
		"eval digits --split '\x1b[31m\n'",
		"train --seed -1",
		"train --seed 99999999999999999999999",
		"train --augment 'shift=1e308,crop=9223372036854775807' --epochs 1 --out {out}",
		"train --augment 'elastic=1e308' --epochs 1 --out {out} --quiet",
		"train --batch 9223372036854775807 --epochs 1 --out {out} --quiet",
		"train --micro-batch 9223372036854775807 --epochs 1 --out {out} --quiet",
		"train --workers 9223372036854775807 --epochs 1 --out {out} --quiet",
		"train --workers 1000000 --epochs 1 --out {out} --quiet",
		"train --epochs 9223372036854775807 --out {out} --quiet",
		"train --rate 1e308 --epochs 1 --out {out} --quiet",
		"train --rate 1e-320 --epochs 2 --out {out} --quiet",
		"train --size 65536x65536 --epochs 1 --out {out} --quiet",
		"train --size 99999999999x99999999999 --epochs 1 --out {out} --quiet",
		"eval digits --size 65536x65536 --quiet",
		"eval digits --size 4096x4096 --quiet",
		"sweep --seeds 9223372036854775807 --out {out} --quiet",
		"sweep --seeds 1000000000 --out {out} --quiet",
		"sweep --parallel 9223372036854775807 --seeds 1 --epochs 1 --out {out} --quiet",
		"sweep --try '--try --try' --out {out}",
		"taylor --size 65536 --out {out} --quiet",
		"taylor --size 1000 --order 3 --out {out} --quiet",
		"taylor --seeds 1000000000 --epochs 1 --out {out} --quiet",
		"distill {run} --levels 1000000000,1 --out {out} --quiet",
		"distill {run} --levels 1 --steps 9223372036854775807 --out {out} --quiet",
		"distill {run} --levels 1 --steps 1 --draws 1000000000 --out {out} --quiet",
		"classify {refs} {digit} --nearest 9223372036854775807 --json",
		"classify {refs} {digit} --real 9223372036854775807 --out {out}",
		"classify {refs} {digit} --choice '\x1b[31m'",
		"train --size 4000x4000 --epochs 1 --memory 200MB --out {out} --quiet",
		"train --net 'Input(512,512,1) Conv(3,3,16,1,1,1) AvgPool Linear(10)' --size 512x512 --epochs 1 --memory 200MB --out {out} --quiet",
		"eval digits --size 1000x1000 --memory 200MB --quiet",
		"taylor --size 40 --order 2 --epochs 1 --memory 200MB --out {out} --quiet",
		"eval digits --memory 1 --quiet",
		"predict digits {digit} --memory 1 --quiet",
		"explain digits {digit} --memory 1 --out {out} --quiet",
		"train --epochs 1 --memory 1 --out {out} --quiet",
		"distill {run} --levels 1 --steps 1 --memory 1 --out {out} --quiet",
		"classify {refs} {digit} --memory 1 --json",
		"eval digits --memory 99999999TB --quiet",
		"eval digits --memory NaN --quiet",
	}}}
}
