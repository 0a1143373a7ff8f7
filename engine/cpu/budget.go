package cpu

import (
	"fmt"

	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// cost is what a plan holds, in bytes.
type cost struct {
	shared float64 // by all workers: weights, tables
	worker float64
}

// cost estimates what a plan and its workers hold, before anything large is allocated.
// Among that are so many vectors of parameters, and perWorker for each worker, all of
// the same length.
func (p *plan[T]) cost(length int, vectors, perWorker float64) cost {
	const step = 1 << 10 // what the plan itself holds, about
	vector := memory.Of[T](float64(length))
	c := cost{shared: step*float64(len(p.steps)) + vectors*vector, worker: perWorker*vector + memory.Of[T](float64(p.scratch))}
	for _, s := range p.steps {
		if s.layer != nil {
			c.shared += s.layer.Bytes()
		}
	}
	for _, n := range p.slots {
		c.worker += memory.Of[T](float64(n)) + tensor.Align
	}
	return c
}

// workers returns how many workers a budget has room for, at most so many.
func (c cost) workers(budget int64, most int) int {
	rest := float64(memory.Or(budget)) - c.shared
	if c.worker <= 0 || rest >= c.worker*float64(most) {
		return most
	}
	return int(max(0, rest/c.worker))
}

// tooLarge returns the error that not even one worker fits into a budget, of a network
// that is to do something for so many images at a time.
func (c cost) tooLarge(budget int64, doing string, in spec.Shape, images int) error {
	what := fmt.Sprintf("%s the network on images of %dx%dx%d, %d at a time,", doing, in.H, in.W, in.C, images)
	return memory.Check(budget, c.shared+c.worker, what)
}

// smaller returns the height and width of smaller images, of the same proportions, for
// which the same operations fit. It returns zeros if it finds none.
func smaller(net *spec.Net, fits func(*spec.Net) bool) (h, w int) {
	for scale := 0.9; scale > 0.01; scale *= 0.9 {
		less := &spec.Net{Input: net.Input, Ops: net.Ops}
		less.Input.H, less.Input.W = int(scale*float64(net.Input.H)), int(scale*float64(net.Input.W))
		if less.Validate() == nil && fits(less) {
			return less.Input.H, less.Input.W
		}
	}
	return 0, 0
}
