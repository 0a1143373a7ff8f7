//go:build linux

package cli

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usual returns for each command the arguments of a short piece of work.
func usual() map[string][]string {
	return map[string][]string{
		"train":    {"--net", small, "--epochs", "1", "--quiet"},
		"sweep":    {"--net", small, "--epochs", "1", "--seeds", "1", "--quiet"},
		"eval":     {"run", "--quiet"},
		"predict":  {"run", "three.png"},
		"explain":  {"run", "three.png", "--quiet"},
		"taylor":   {"--size", "2", "--order", "1", "--seeds", "1", "--epochs", "1", "--quiet"},
		"distill":  {"run", "--levels", "2", "--steps", "1", "--evaluate", "none", "--quiet"},
		"classify": {"refs.safetensors", "three.png", "--quiet"},
		"net":      {"run"},
		"data":     {"digits"},
		"bench":    {"--net", small, "--batch", "1", "--threads", "1", "--seconds", "0.01"},
		"version":  {},
	}
}

// absurd returns values for a flag that nobody means, by its type.
func absurd(f *pflag.Flag) []string {
	whole := []string{"-1", "0", "1000000007", "1099511627776", "9223372036854775807", "18446744073709551616", "1e9", "NaN", ""}
	number := []string{"-1", "0", "1e-320", "1e308", "1e999", "NaN", "Inf", "-Inf", ""}
	text := []string{"", "-", ".", "/dev/zero", "nowhere", "\x1b[31m\nred", strings.Repeat("long", 2500), "pretrained:", ":", "\xff"}
	switch kind := f.Value.Type(); kind {
	case "bool":
		return []string{"perhaps"}
	case "int", "N", "uint64":
		return whole
	case "float64", "X":
		return number
	case "intSlice", "N,N,...":
		return append(whole, "1,2,3,4,5,6,7,8,9", "1000000000000,1000000000000", strings.Repeat("1,", 10_000)+"1", ",", "3,3,3")
	case "HxW":
		return []string{"99999999x1", "1x99999999", "1x1", "0x0", "-1x5", "3037000500x3037000500", "30000", "8192", "18446744073709551616x1", "x", ""}
	case "duration":
		return []string{"-1s", "0", "1ns", "2562047h", "9999999h", "1e9s", "NaN"}
	case "SIZE":
		return []string{"1", "1kB", "0", "-1GB", "9EB", "1e30", "NaN", ""}
	case "LIST":
		return []string{"rotate=1e308", "shift=-1", "scale=NaN", "crop=1000000000", "cutout=1000000007", "elastic=1e300", "noise=Inf", "shear=89.999999", "contrast=1e30", "shift=1e18", "flip=2", "=", ",,"}
	default: // a text
		return text
	}
}

var thorough = flag.Bool("thorough", false, "give all flags all absurd values, not every fifth")

// TestAbsurdValues gives each flag of each command values that nobody means. The command
// refuses them in one line or works, in little memory, until it is interrupted.
func TestAbsurdValues(t *testing.T) {
	dir := workFolder(t)
	for _, cmd := range (&app{}).root().Commands() {
		args, ok := usual()[cmd.Name()]
		if !ok {
			if cmd.Name() != "help" && cmd.Name() != "completion" {
				t.Errorf("%s: want its usual arguments", cmd.Name())
			}
			continue
		}
		t.Run(cmd.Name(), func(t *testing.T) { absurdOf(t, dir, cmd, args) })
	}
}

func absurdOf(t *testing.T, dir string, cmd *cobra.Command, args []string) {
	n := 0
	try := func(f *pflag.Flag) {
		for _, value := range absurd(f) {
			if n++; !*thorough && n%5 != 0 {
				continue
			}
			words := append([]string{cmd.Name()}, args...)
			if f.Name != "out" && f.Name != "resume" && cmd.Flags().Lookup("out") != nil {
				words = append(words, "--out", t.TempDir())
			}
			words = append(words, "--"+f.Name+"="+value)
			out := runIn(t, dir, 300*time.Millisecond, words...)
			checkRefused(t, words, out)
		}
	}
	cmd.Flags().VisitAll(try)
	cmd.InheritedFlags().VisitAll(try)
}

// checkRefused reports a command that neither worked nor failed in one line.
func checkRefused(t *testing.T, words []string, out outcome) {
	t.Helper()
	const most = 1 << 30
	var problem string
	switch {
	case out.code < 0 && out.react > 0 && out.react < hang && out.stderr == "":
		return // interrupted before it began: signals are not yet caught
	case out.code < 0 || out.code > misuse || strings.Contains(out.stderr, "goroutine "):
		problem = "it crashed"
	case strings.Count(out.stderr, "\ntaylornet: ") > 0 || out.code != done && !strings.HasPrefix(out.stderr[strings.LastIndex(strings.TrimSuffix(out.stderr, "\n"), "\n")+1:], "taylornet: "):
		problem = "not one line about an error at the end"
	case len(out.stderr) > 4000:
		problem = "a long error"
	case out.resident > most:
		problem = "much memory"
	case out.react > hang:
		problem = "it did not end"
	default:
		return
	}
	t.Errorf("%.200q: %s: status %d, %d MB, %v, %v after the interrupt: %.2000s", words, problem, out.code, out.resident>>20, out.took, out.react, out.stderr)
}
