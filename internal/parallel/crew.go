package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Crew runs numbered tasks on a number of goroutines. Run allocates nothing.
type Crew struct {
	starts []func() // one for each goroutine besides the caller's
	size   int
	task   func(worker, i int)
	tasks  int64
	next   atomic.Int64
	done   sync.WaitGroup
}

// NewCrew returns a crew of size goroutines; 0 means one per CPU.
func NewCrew(size int) *Crew {
	c := &Crew{size: Workers(size)}
	for w := 1; w < c.size; w++ {
		c.starts = append(c.starts, func() {
			defer c.done.Done()
			c.work(w)
		})
	}
	return c
}

// Size returns the number of goroutines.
func (c *Crew) Size() int { return c.size }

// Run calls task(worker, i) for each i in [0,n) and returns when all are done.
// Tasks with the same worker never run at the same time.
func (c *Crew) Run(n int, task func(worker, i int)) {
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

func (c *Crew) work(worker int) {
	for i := c.next.Add(1) - 1; i < c.tasks; i = c.next.Add(1) - 1 {
		c.task(worker, int(i))
	}
}

// Workers returns the number of workers that an option means: 0 is one per CPU.
func Workers(option int) int {
	if option > 0 {
		return option
	}
	return runtime.GOMAXPROCS(0)
}
