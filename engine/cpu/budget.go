package cpu

import (
	"fmt"
	"math"

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

// tooLarge returns the error that not even one worker fits into a budget. images is the
// size of the micro-batch.
func (c cost) tooLarge(budget int64, doing string, in spec.Shape, images int) error {
	what := fmt.Sprintf("%s the network on images of %dx%dx%d, %d at a time,", doing, in.H, in.W, in.C, images)
	err := memory.Check(budget, c.shared+c.worker, what)
	// Nearly all of a worker's part grows with the lattice, and the tables do.
	share := math.Sqrt(float64(memory.Or(budget)) / (c.shared + c.worker))
	if h, w := int(share*float64(in.H)), int(share*float64(in.W)); h > 1 && w > 1 {
		err = fmt.Errorf("%w; images of about %dx%d would fit", err, h, w)
	}
	return err
}
