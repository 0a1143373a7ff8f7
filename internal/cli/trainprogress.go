package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/coarsegrain/taylornet/train"
)

// trainProgress shows how far a run is: a line an epoch, and on a terminal a bar
// below them.
type trainProgress struct {
	w       io.Writer
	heading string                   // shown once, when the run is under way
	bar     *progressbar.ProgressBar // nil until there is something to show
	first   int                      // step that the bar began at
}

func (p *trainProgress) show(at train.Progress) {
	if p.heading != "" {
		fmt.Fprintln(p.w, p.heading)
		p.heading = ""
	}
	if at.Finished != nil {
		p.clear()
		fmt.Fprintln(p.w, epochLine(at))
		return
	}
	if !isTerminal(p.w) {
		return
	}
	step := (at.Epoch-1)*at.Steps + at.Step
	if p.bar == nil {
		p.first = step - 1
		p.bar = newBar(p.w, int64(at.Epochs*at.Steps-p.first))
	}
	p.bar.Describe(fmt.Sprintf("epoch %d/%d  loss %.4f  %s  %s images/s",
		at.Epoch, at.Epochs, at.Loss, percent(at.Accuracy), count(int(at.ImagesPerSecond))))
	_ = p.bar.Set(step - p.first) // a terminal that is gone is no reason to stop
}

// clear removes the bar until it is shown again.
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
	return line + fmt.Sprintf("  %s images/s", count(int(m.ImagesPerSecond)))
}

// digits is the number of digits of n.
func digits(n int) int { return len(fmt.Sprint(n)) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// newBar makes a progress bar as wide as the terminal, with the time that
// remains.
func newBar(w io.Writer, most int64, options ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions64(most, append([]progressbar.Option{
		progressbar.OptionSetWriter(w),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true),
	}, options...)...)
}
