package enginetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/tensor"
)

var errStopped = errors.New("stopped")

// stops checks that programs and trainers stop when their context is done, here in the
// midst of a call, and that the next call does not notice.
func (c *testCase[T]) stops(t *testing.T, e engine.Engine[T]) {
	t.Run("program", func(t *testing.T) {
		program, err := e.Compile(c.net, convert[T](c.params), engine.Options{Workers: 1, MicroBatch: 2})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancelCause(t.Context())
		outputs := 0
		err = program.RunContext(ctx, images, stopping(c.input, 5, stop), func(int, []T) { outputs++ })
		if !errors.Is(err, errStopped) || outputs == images {
			t.Errorf("stopped in the midst: error %v after %d outputs", err, outputs)
		}
		if err := program.RunContext(t.Context(), images, c.input, func(int, []T) { outputs++ }); err != nil {
			t.Error(err)
		}
	})
	t.Run("trainer", func(t *testing.T) {
		trainer, err := e.CompileTraining(c.net, engine.TrainingOptions{Options: engine.Options{Workers: 1, MicroBatch: 2}})
		if err != nil {
			t.Fatal(err)
		}
		params, batch := convert[T](c.params), c.batch()
		want, got := make([]T, len(params)), make([]T, len(params))
		loss := trainer.Gradient(want, params, batch)
		ctx, stop := context.WithCancelCause(t.Context())
		losses, count := 0, *batch
		count.Input = stopping(c.input, 5, stop)
		count.Loss = func(i int, dy, y []T) float64 {
			losses++
			return batch.Loss(i, dy, y)
		}
		if _, err := trainer.GradientContext(ctx, got, params, &count); !errors.Is(err, errStopped) || losses == images {
			t.Errorf("stopped in the midst: error %v after %d losses", err, losses)
		}
		if again, err := trainer.GradientContext(t.Context(), got, params, batch); err != nil || again != loss || !slices.Equal(got, want) {
			t.Errorf("after a call that was stopped: error %v, loss %v, want %v; same gradient: %v", err, again, loss, slices.Equal(got, want))
		}
	})
}

// stopping returns input, but it stops the call at image last.
func stopping[T tensor.Float](input func(i int, x []T), last int, stop context.CancelCauseFunc) func(i int, x []T) {
	return func(i int, x []T) {
		if i == last {
			stop(errStopped)
		}
		input(i, x)
	}
}
