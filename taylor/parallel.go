package taylor

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls a task for each i in [0,n) on a number of workers, one a
// processor if 0. Each worker makes a task of its own, with its own memory.
func parallel(workers, n int, newTask func() func(i int)) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(workers, n) {
		group.Go(func() {
			task := newTask()
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				task(int(i))
			}
		})
	}
	group.Wait()
}
