package cli

import (
	"errors"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/tensor"
)

// memoryName is the flag that says how much memory may be used.
const memoryName = "memory"

// memoryFlag is a number of bytes, as in 300MB. It is 0 unless it was given.
type memoryFlag struct {
	bytes int64
	text  string // as it was given
}

func (f *memoryFlag) Type() string { return "SIZE" }

func (f *memoryFlag) String() string { return f.text }

// units are what a size may end with. They are of powers of 1000, with an i of 1024.
func units() map[string]float64 {
	return map[string]float64{
		"": 1, "b": 1,
		"k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12,
		"ki": 1 << 10, "kib": 1 << 10, "mi": 1 << 20, "mib": 1 << 20, "gi": 1 << 30, "gib": 1 << 30, "ti": 1 << 40, "tib": 1 << 40,
	}
}

// Set reads a size.
func (f *memoryFlag) Set(text string) error {
	number := strings.TrimRight(text, "bBiIkKmMgGtT")
	unit, ok := units()[strings.ToLower(text[len(number):])]
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	bytes := math.Round(n * unit)
	if err != nil || !ok || !(bytes >= 1 && bytes < math.MaxInt64) {
		return errors.New("want a number of bytes above 0, as in 300MB, 1.5GiB or 2e9")
	}
	f.bytes, f.text = int64(bytes), text
	return nil
}

// The environment variables by which Go's collection of garbage is set.
const (
	goMemoryEnv = "GOMEMLIMIT"
	goGrowthEnv = "GOGC"
)

// growth is by how much memory may grow, in per cent, before garbage is collected. Go's own
// 100 would let a large file of results double it.
const growth = 50

// limitMemory has Go collect garbage more often, above all as the memory in use comes near
// what may be used.
func (f *memoryFlag) limitMemory() {
	if os.Getenv(goMemoryEnv) == "" {
		debug.SetMemoryLimit(memory.Or(f.bytes))
	}
	if os.Getenv(goGrowthEnv) == "" {
		debug.SetGCPercent(growth)
	}
}

// left returns what --memory leaves beside so many bytes that are held, 0 if it was not
// given: then what a file asks for has a budget by its size.
func (a *app) left(held float64) int64 {
	if a.memory.bytes == 0 {
		return 0
	}
	return memory.Rest(a.memory.bytes, held)
}

// forTraining returns what training a network may hold, beside so many bytes of data. That
// of a model's file has a budget by the file's size, unless --memory says more.
func (a *app) forTraining(file int64, data float64) int64 {
	if a.memory.bytes > 0 || file == 0 {
		return a.memory.bytes
	}
	return int64(min(float64(memory.Default()), data+float64(memory.ForFile(file))))
}

// moreMemory ends the line of an error about too little memory.
func moreMemory(err error) string {
	if errors.Is(err, tensor.ErrMemory) {
		return " (--" + memoryName + " SIZE allows more)"
	}
	return ""
}
