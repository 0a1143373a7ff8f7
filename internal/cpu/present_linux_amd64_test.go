package cpu

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The levels that the system reports are tested. If detection missed one, every
// test over Supported would pass without that level's assembly.
func TestPresentLevelsAreSupported(t *testing.T) {
	if strings.Contains(os.Getenv("GODEBUG"), "cpu.") {
		t.Skip("GODEBUG turns instructions off")
	}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skip(err)
	}
	var flags []string
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "flags" {
			flags = strings.Fields(value)
			break
		}
	}
	for level, needs := range map[Level]string{
		AVX2:   "avx2 fma",
		AVX512: "avx2 fma bmi2 avx512f avx512cd avx512bw avx512dq avx512vl",
	} {
		present := len(flags) > 0
		for _, flag := range strings.Fields(needs) {
			present = present && slices.Contains(flags, flag)
		}
		if present != slices.Contains(Supported(), level) {
			t.Errorf("%v: present %v, tested %v", level, present, !present)
		}
	}
}
