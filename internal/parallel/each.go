package parallel

// Each calls a task for each i in [0,n) on a number of goroutines; 0 means one
// per CPU. Each goroutine makes a task of its own, with its own memory.
func Each(workers, n int, newTask func() func(i int)) {
	crew := NewCrew(workers)
	tasks := make([]func(i int), crew.Size())
	crew.Run(n, func(worker, i int) {
		if tasks[worker] == nil {
			tasks[worker] = newTask()
		}
		tasks[worker](i)
	})
}
