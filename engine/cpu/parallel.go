package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// crew runs numbered tasks on a number of goroutines. It allocates nothing
// when it runs.
type crew struct {
	starts []func() // one for each goroutine beyond the caller's
	size   int
	task   func(worker, i int)
	tasks  int64
	next   atomic.Int64
	done   sync.WaitGroup
}

func newCrew(size int) *crew {
	c := &crew{size: size}
	for w := 1; w < size; w++ {
		c.starts = append(c.starts, func() {
			defer c.done.Done()
			c.work(w)
		})
	}
	return c
}

// run calls task(worker, i) for each i in [0,n) and returns when all are done.
// No two tasks run at once on the same worker.
func (c *crew) run(n int, task func(worker, i int)) {
	c.task, c.tasks = task, int64(n)
	c.next.Store(0)
	helpers := c.starts[:max(0, min(len(c.starts), n-1))]
	c.done.Add(len(helpers))
	for _, start := range helpers {
		go start()
	}
	c.work(0)
	c.done.Wait()
}

func (c *crew) work(worker int) {
	for i := c.next.Add(1) - 1; i < c.tasks; i = c.next.Add(1) - 1 {
		c.task(worker, int(i))
	}
}

// workers is the number of workers for an option: one a processor if zero.
func workers(option int) int {
	if option > 0 {
		return option
	}
	return runtime.GOMAXPROCS(0)
}
