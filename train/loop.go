package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/optim"
)

// epochOf returns the epoch, counted from 0, that a step belongs to.
func (r *run) epochOf(step int) int { return step / r.perEpoch }

// epoch makes the remaining steps of the epoch in progress, evaluates, and saves.
func (r *run) epoch(ctx context.Context) error {
	epoch := len(r.History)
	end := (epoch + 1) * r.perEpoch
	rng.Permutation(r.order, r.Config.Seed, "order", uint64(epoch))
	for r.Step < end {
		if err := r.update(ctx); err != nil {
			return r.ended(ctx, err)
		}
		if time.Since(r.saved) >= r.opts.SaveEvery && r.Step < end {
			if err := r.save(); err != nil {
				return err
			}
		}
		r.report(epoch, nil)
	}
	metrics, err := r.closeEpoch(ctx)
	if err != nil {
		return r.ended(ctx, err)
	}
	if err := r.save(); err != nil {
		return err
	}
	if err := r.writeOutputs(); err != nil {
		return err
	}
	r.report(epoch, metrics)
	return nil
}

// ended returns the error that ended an epoch: an interruption if ctx is done. The steps
// that were made are then saved. A step or an evaluation in progress is lost.
func (r *run) ended(ctx context.Context, err error) error {
	if ctx.Err() == nil || errors.Is(err, ErrDiverged) {
		return err
	}
	if err := r.save(); err != nil {
		return err
	}
	epoch := len(r.History)
	return fmt.Errorf("%w at epoch %d, step %d: %w", ErrInterrupted, epoch+1, r.Step-epoch*r.perEpoch, context.Cause(ctx))
}

// update makes one step: it updates the parameters once. If ctx ends, nothing that counts
// has changed.
func (r *run) update(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	start := time.Now()
	if r.Config.Freeze > 0 && r.Step == r.freezeStep() {
		if err := r.freeze(ctx); err != nil {
			return err
		}
	}
	rate := r.schedule.At(r.Step, r.Config.Epochs*r.perEpoch)
	if r.teacher != nil {
		if err := r.teacher.answer(ctx, &r.batch); err != nil {
			return err
		}
	}
	loss, err := r.trainer.GradientContext(ctx, r.grads, r.params, &r.batch)
	if err != nil {
		return err
	}
	if !finite(loss) || loss > blowUp {
		return r.divergedAt("the loss", loss)
	}
	limit := r.Config.Clip
	if limit == 0 {
		limit = math.Inf(1)
	}
	if norm := optim.ClipNorm(r.grads[:r.trained], limit); !finite(norm) {
		return r.divergedAt("the gradient's norm", norm)
	}
	r.quadraticDecay.Apply(r.params, rate)
	r.optimiser.Step(r.params[:r.trained], r.grads[:r.trained], rate)
	if r.Config.Average > 0 {
		updates := r.Step
		if updates >= r.freezeStep() {
			updates -= r.freezeStep()
		}
		optim.EMA{Decay: r.Config.Average}.Update(r.average[:r.trained], r.params[:r.trained], updates)
	}
	r.Step++
	for _, hit := range r.hits {
		if hit {
			r.Partial.Correct++
		}
	}
	r.Partial.Loss += loss * float64(r.batch.N)
	r.Partial.Images += r.batch.N
	r.Partial.Seconds += time.Since(start).Seconds()
	return nil
}

// closeEpoch evaluates the averaged weights on the validation images, keeps them if
// they are the best yet, and decides whether the run is done. If ctx ends, the epoch can be
// closed again.
func (r *run) closeEpoch(ctx context.Context) (*Metrics, error) {
	images := float64(r.Partial.Images)
	m := Metrics{
		Epoch: len(r.History) + 1, TrainLoss: r.Partial.Loss / images, TrainAccuracy: float64(r.Partial.Correct) / images,
		Rate:    r.schedule.At(r.Step-1, r.Config.Epochs*r.perEpoch),
		Seconds: r.Partial.Seconds, ImagesPerSecond: images / r.Partial.Seconds,
	}
	if !r.frozen() {
		if err := r.calibrate(ctx, r.average); err != nil {
			return nil, err
		}
	}
	current, err := r.model(r.average, nil)
	if err != nil {
		return nil, r.diverged(fmt.Sprintf("after epoch %d: %v", m.Epoch, err))
	}
	if r.opts.TestCurve {
		e, err := current.Evaluate(ctx, r.data.Test.All())
		if err != nil {
			return nil, err
		}
		m.TestAccuracy = e.Accuracy()
	}
	if r.validation.Len() > 0 {
		e, err := current.Evaluate(ctx, r.validation)
		if err != nil {
			return nil, err
		}
		m.ValidationAccuracy, m.ValidationLoss = e.Accuracy(), e.Loss
		if m.Partial, err = r.partialSums(ctx, r.average, r.validation); err != nil {
			return nil, err
		}
	}
	r.Partial = sums{}
	r.History = append(r.History, m)
	if r.validation.Len() == 0 || r.Best < 0 || m.better(&r.History[r.Best], r.Config.Graded > 0) {
		r.Best = len(r.History) - 1
		copy(r.kept, r.average)
	}
	stale := len(r.History) - 1 - r.Best
	r.Done = len(r.History) == r.Config.Epochs || (r.Config.Patience > 0 && stale >= r.Config.Patience)
	return &m, nil
}

// freezeStep returns the first step with fixed statistics.
func (r *run) freezeStep() int { return r.before(r.Config.Freeze) }

// before returns the number of steps before a fraction of all steps, at the end.
func (r *run) before(fraction float64) int {
	total := r.Config.Epochs * r.perEpoch
	return total - int(fraction*float64(total))
}

// frozen reports whether the last step used fixed statistics.
func (r *run) frozen() bool { return r.Step > r.freezeStep() }

// freeze fixes the norms' statistics for the rest of the run. The average of the
// weights starts again, because it was taken over networks with other statistics.
func (r *run) freeze(ctx context.Context) error {
	if err := r.calibrate(ctx, r.params); err != nil {
		return err
	}
	copy(r.average, r.params)
	return r.compile(true)
}
