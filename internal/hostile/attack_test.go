//go:build linux

package hostile

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
)

var (
	all  = flag.Bool("all", false, "give every input to every command, instead of a sample")
	seed = flag.Uint64("seed", 1, "seed of what is random in the inputs")
	only = flag.String("only", "", "attack only with inputs and commands that match this `pattern`")
	keep = flag.String("keep", "", "write the inputs to this `folder` and leave them there")
)

// sample is the number of attacks without -all.
const sample = 300

// input is a hostile file or folder.
type input struct {
	name     string
	write    func(path string) error
	commands []string // what reads it, in words; see places for those in braces
}

// attack is an input and one command that gets it.
type attack struct {
	input
	number int // of the input
	args   []string
}

func (a *attack) String() string {
	words := []string{a.name + ": taylornet"}
	for _, arg := range a.args {
		if len(arg) > 60 || raw(arg) >= 0 {
			arg = fmt.Sprintf("%.60q", arg)
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

// places are what the words in braces stand for.
type places struct{ binary, in, out, base string }

func (p places) fill(args []string) []string {
	r := strings.NewReplacer("{in}", p.in, "{out}", p.out,
		"{digit}", filepath.Join(p.base, "digit.png"), "{run}", filepath.Join(p.base, "run"),
		"{refs}", filepath.Join(p.base, "refs", "refs-1.safetensors"), "{base}", p.base)
	filled := make([]string, len(args))
	for i, arg := range args {
		filled[i] = r.Replace(arg)
	}
	return filled
}

func TestHostile(t *testing.T) {
	if testing.Short() && !*all {
		t.Skip("starts hundreds of processes")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	base := honest(t)
	list := attacks(t, base)
	reports := make([]report, len(list))
	t.Logf("%d attacks", len(list))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				settle()
				reports[i] = list[i].carryOut(t, base)
				for _, fault := range reports[i].faults {
					t.Errorf("%v:\n%s", list[i].String(), fault)
				}
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	wg.Wait()
	worst(t, "memory in MB", reports, func(r report) float64 { return r.memory / 1e6 })
	worst(t, "seconds", reports, func(r report) float64 { return r.seconds })
}

// settle makes this process small. The most memory that a process held counts from that of
// the one that started it. So no input is made of more than a few megabytes, either.
func settle() {
	const small = 100_000 // kB
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	var held int
	if _, err := fmt.Sscan(peak, &held); err != nil || held < small {
		return
	}
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // forget the peak
}

// attacks lists the attacks of this run.
func attacks(t *testing.T, base places) []attack {
	t.Helper()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(*seed, 0))
	var list []attack
	for number, in := range inputs(t, base, random) {
		for _, command := range in.commands {
			list = append(list, attack{in, number, splitCommand(command)})
		}
	}
	list = slices.DeleteFunc(list, func(a attack) bool { return !pattern.MatchString(a.String()) })
	if !*all {
		slices.SortStableFunc(list, func(a, b attack) int { return cmp.Compare(a.String(), b.String()) }) // maps have no order
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		list = list[:min(sample, len(list))]
	}
	return list
}

// splitCommand splits a command into words. A word in quotes may hold spaces.
func splitCommand(command string) []string {
	var words []string
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// worst prints the ten attacks with the largest figure.
func worst(t *testing.T, unit string, reports []report, figure func(report) float64) {
	t.Helper()
	reports = slices.Clone(reports)
	slices.SortStableFunc(reports, func(a, b report) int { return cmp.Compare(figure(b), figure(a)) })
	var table strings.Builder
	for _, r := range reports[:min(10, len(reports))] {
		fmt.Fprintf(&table, "\n%8.1f  %v", figure(r), r.attack)
	}
	t.Logf("the worst ten, %s:%s", unit, table.String())
}

// honest builds the command, and with it the files that are honest: a run, references, a
// sweep and a picture.
func honest(t *testing.T) places {
	t.Helper()
	p := places{base: t.TempDir()}
	p.binary = filepath.Join(p.base, "taylornet")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", p.binary, "../../cmd/taylornet").CombinedOutput(); err != nil {
		t.Fatalf("building the command: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(p.base, "digit.png"), pngFile(honestPNG()), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{
		"train --epochs 2 --net '" + smallNet + "' --out {run}",
		"distill {run} --levels 2,1 --steps 2,2 --refine 1 --evaluate none --out {base}/refs",
		"sweep --epochs 1 --seeds 2 --net 'Input(8,8,1) CG(2,2,1,2,2) Linear(10)' --out {base}/sweep",
	} {
		cmd := exec.CommandContext(t.Context(), p.binary, p.fill(splitCommand(command))...)
		cmd.Dir = p.base
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	return p
}

// smallNet is the network of the honest run.
const smallNet = "Input(8,8,1) Conv(3,3,4,1,1,1) Norm CG(2,2,4,2,2) Linear(10)"
