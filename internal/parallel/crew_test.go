package parallel

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// Every task runs once, and none beside another of its worker.
func TestRun(t *testing.T) {
	for _, size := range []int{0, 1, 2, 5} {
		crew := NewCrew(size)
		if want := Workers(size); crew.Size() != want {
			t.Errorf("a crew of %d has %d goroutines", want, crew.Size())
		}
		for _, n := range []int{0, 1, 3, 100} {
			ran := make([]atomic.Int32, n)
			busy := make([]atomic.Bool, crew.Size())
			crew.Run(n, func(worker, i int) {
				if busy[worker].Swap(true) {
					t.Errorf("worker %d has two tasks at once", worker)
				}
				runtime.Gosched()
				ran[i].Add(1)
				busy[worker].Store(false)
			})
			for i := range ran {
				if times := ran[i].Load(); times != 1 {
					t.Errorf("%d goroutines, %d tasks: task %d ran %d times", crew.Size(), n, i, times)
				}
			}
		}
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	crew := NewCrew(3)
	task := func(int, int) {}
	if allocs := testing.AllocsPerRun(10, func() { crew.Run(7, task) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// Each task runs once, on memory that no other goroutine has.
func TestEach(t *testing.T) {
	for _, workers := range []int{0, 1, 3} {
		for _, n := range []int{0, 1, 50} {
			ran := make([]atomic.Int32, n)
			var made atomic.Int32
			Each(workers, n, func() func(i int) {
				made.Add(1)
				var busy atomic.Bool
				return func(i int) {
					if busy.Swap(true) {
						t.Error("a task is shared")
					}
					runtime.Gosched()
					ran[i].Add(1)
					busy.Store(false)
				}
			})
			if got := int(made.Load()); got > min(n, Workers(workers)) {
				t.Errorf("%d workers, %d tasks: memory for %d", workers, n, got)
			}
			for i := range ran {
				if times := ran[i].Load(); times != 1 {
					t.Errorf("%d workers, %d tasks: task %d ran %d times", workers, n, i, times)
				}
			}
		}
	}
}
