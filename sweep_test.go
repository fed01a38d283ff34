package weir_test

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// sweep lets several goroutines call act for 0 to n-1, all in that order. They
// run into each other without ever waiting: whoever is ahead finds the memory
// cold, so that those behind catch up, and from there on they race for every i.
func sweep(n int, act func(i int)) {
	workers := max(2, runtime.GOMAXPROCS(0))
	var ready atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for ready.Add(1); ready.Load() < int64(workers); {
				runtime.Gosched()
			}
			for i := range n {
				act(i)
			}
		})
	}
	wg.Wait()
}
