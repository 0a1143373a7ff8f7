package cpu

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Level is a set of SIMD instructions. Each level includes the ones before it.
type Level int

// The levels. AVX2 includes FMA; AVX512 is F, CD, BW, DQ and VL together, with
// BMI2.
const (
	Portable Level = iota
	AVX2
	AVX512
)

var names = [...]string{"portable", "avx2", "avx512"}

func (l Level) String() string { return names[l] }

// Env is the environment variable that lowers the level.
const Env = "TAYLORNET_SIMD"

// best is the highest level of this processor. active is the one in use, set
// once at the start and by tests. envErr says what is wrong with the variable.
var (
	best           = detect()
	active, envErr = fromEnv(os.Getenv(Env))
)

// Active returns the level that kernels use.
func Active() Level { return active }

// EnvError returns an error if the value of the environment variable is wrong. The
// processor's highest level is then in use.
func EnvError() error { return envErr }

// Supported returns this processor's levels, lowest first.
func Supported() []Level {
	var levels []Level
	for l := Portable; l <= best; l++ {
		levels = append(levels, l)
	}
	return levels
}

// Set makes l the active level and returns a function that undoes it. It is for
// tests and benchmarks: nothing may compute at the same time. It panics if the
// processor lacks l.
func Set(l Level) (undo func()) {
	if l > best {
		panic("cpu.Set: this processor has no " + l.String())
	}
	old := active
	active = l
	return func() { active = old }
}

func fromEnv(value string) (Level, error) {
	if value == "" {
		return best, nil
	}
	l := Level(slices.Index(names[:], value))
	if l < 0 {
		return best, fmt.Errorf("%s=%q: want one of %s", Env, value, strings.Join(names[:], ", "))
	}
	if l > best {
		return best, fmt.Errorf("%s=%s: this processor has only %s", Env, value, best)
	}
	return l, nil
}
