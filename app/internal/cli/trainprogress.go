package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/coarsegrain/taylornet/train"
)

// trainProgress shows the progress of training runs: a line per epoch and, on a terminal,
// a bar for all runs below. Several runs may be made at a time.
type trainProgress struct {
	w     io.Writer
	mu    sync.Mutex
	made  []float64                // the fraction of each run that is made
	first float64                  // the sum of these when the bar began
	bar   *progressbar.ProgressBar // nil until there is something to show
}

// barUnits is the number of units of the bar per run.
const barUnits = 1e6

// trainProgress returns what shows the progress of runs; with --quiet it shows nothing.
func (a *app) trainProgress(runs int) *trainProgress {
	w := a.stderr
	if a.quiet {
		w = io.Discard
	}
	return &trainProgress{w: w, made: make([]float64, runs)}
}

// run returns the function that shows a run: the lines of its heading when it starts, and
// then a line per epoch, with the prefix.
func (p *trainProgress) run(i int, heading []string, prefix string) func(train.Progress) {
	return func(at train.Progress) {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, text := range heading {
			p.line(text)
		}
		heading = nil
		if at.Finished != nil {
			p.line(prefix + epochLine(at))
			return
		}
		if isTerminal(p.w) {
			p.step(i, at)
		}
	}
}

// step shows a step of a run in the bar. The text is about the first run that is not
// finished.
func (p *trainProgress) step(i int, at train.Progress) {
	before, steps := (at.Epoch-1)*at.Steps+at.Step-1, float64(at.Epochs*at.Steps)
	if p.bar == nil {
		p.made[i] = float64(before) / steps
		p.first = p.total()
		p.bar = newBar(p.w, int64(barUnits*(float64(len(p.made))-p.first)))
	}
	p.made[i] = float64(before+1) / steps
	if i == slices.IndexFunc(p.made, func(part float64) bool { return part < 1 }) {
		text := fmt.Sprintf("epoch %d/%d  loss %.4f  %s  %s images/s",
			at.Epoch, at.Epochs, at.Loss, percent(at.Accuracy), wholePart(at.ImagesPerSecond))
		if len(p.made) > 1 {
			text = fmt.Sprintf("run %d/%d  %s", i+1, len(p.made), text)
		}
		p.bar.Describe(text)
	}
	_ = p.bar.Set(int(barUnits * (p.total() - p.first))) // training continues without a terminal
}

// total returns how many runs are made, including fractions of runs.
func (p *trainProgress) total() float64 {
	total := 0.0
	for _, part := range p.made {
		total += part
	}
	return total
}

// done records that a run has ended and writes the line unless it is empty.
func (p *trainProgress) done(i int, line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made[i] = 1
	if line != "" {
		p.line(line)
	}
}

// line writes a line where the bar was.
func (p *trainProgress) line(text string) {
	p.clear()
	fmt.Fprintln(p.w, line(text))
}

// clear removes the bar; the next step shows it again.
func (p *trainProgress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

func epochLine(at train.Progress) string {
	m := at.Finished
	line := fmt.Sprintf("epoch %*d/%d  loss %.4f  accuracy %7s", digits(at.Epochs), m.Epoch, at.Epochs, m.TrainLoss, percent(m.TrainAccuracy))
	if m.ValidationAccuracy > 0 {
		line += fmt.Sprintf("  validation %7s", percent(m.ValidationAccuracy))
	}
	if len(m.Partial) > 0 {
		line += "  to order " + byOrder(m.Partial)
	}
	return line + fmt.Sprintf("  %s images/s", wholePart(m.ImagesPerSecond))
}

// byOrder lists the accuracies of the partial sums of orders.
func byOrder(partial []float64) string {
	var list []string
	for i, accuracy := range partial {
		list = append(list, fmt.Sprintf("%d: %s", i+1, percent(accuracy)))
	}
	return strings.Join(list, ", ")
}

// digits returns the number of digits of n.
func digits(n int) int { return len(fmt.Sprint(n)) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// newBar returns a progress bar as wide as the terminal, with the remaining time.
func newBar(w io.Writer, most int64, options ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions64(most, append([]progressbar.Option{
		progressbar.OptionSetWriter(w),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true),
	}, options...)...)
}
