package train

import (
	"fmt"
	"math"
)

// blowUp is the loss above which a run counts as diverged.
const blowUp = 1e3

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// divergedAt returns the error of a run whose loss or gradient norm is v.
func (r *run) divergedAt(what string, v float64) error {
	return r.diverged(fmt.Sprintf("at epoch %d, step %d: %s is %.4g", r.epochOf(r.Step)+1, r.Step%r.perEpoch+1, what, v))
}

// diverged returns the error of a run that cannot continue. It says what to do.
func (r *run) diverged(how string) error {
	kept, clip := "", fmt.Sprintf("a lower clip than %g", r.Config.Clip)
	if r.opts.Dir != "" {
		kept = fmt.Sprintf("; the last good checkpoint is kept in %s", r.path(LastFile))
	}
	if r.Config.Clip == 0 {
		clip = "clipping, such as a clip of 5"
	}
	return fmt.Errorf("%w %s%s: try a lower rate than %g or %s", ErrDiverged, how, kept, r.Config.Rate, clip)
}
