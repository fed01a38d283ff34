package concurrency

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir/bench/internal/concurrency/batch"
	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	roomy     = 64 // resources where nobody waits
	scarce    = 4  // resources where most wait
	borrowers = 64 // goroutines that share them
)

// freePoolLine has less goroutines than resources.
func freePoolLine() suite.Line {
	free := func(name, module string, k lender) suite.Contender {
		return contender(name, module, func() func() bool {
			once, _ := lendFrom(k, roomy, func() {})
			return once
		})
	}
	return suite.Line{
		Name: "pool, free",
		Work: fmt.Sprintf("borrow one of %d resources, and give it back", roomy),
		Contenders: []suite.Contender{
			free(weirName, weirModule, newWeirPool),
			free(gozeroName, gozeroModule, newGozeroPool),
			free(puddleName, puddleModule, newPuddle),
			free("buffered channel", "", newChannel),
			free("sync.Pool (no bound)", "", newSyncPool),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 0.5, gozeroName), suite.Allocs(weirName, 0)},
	}
}

// contendedPoolLine has borrowers yield the processor to others while they hold a
// resource: else, with few processors, each would find all of them free.
func contendedPoolLine(s Scale) suite.Line {
	contended := func(name, module string, k lender) suite.Contender {
		return suite.Contender{Name: name, Module: module, New: func() suite.Subject { return newCrowd(k, s.Loans) }}
	}
	return suite.Line{
		Name: "pool, contended",
		Work: fmt.Sprintf("%d goroutines: borrow one of %d resources, yield, and give it back", borrowers, scarce),
		Contenders: []suite.Contender{
			contended(weirName, weirModule, newWeirPool),
			contended(gozeroName, gozeroModule, newGozeroPool),
			contended(puddleName, puddleModule, newPuddle),
			contended("buffered channel", "", newChannel),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 1, puddleName), suite.Allocs(weirName, 0)},
	}
}

// newCrowd returns what so many loans of one pool, shared out among all borrowers,
// cost each. It fails if a pool makes more than it may.
func newCrowd(k lender, loans int) suite.Subject {
	once, made := lendFrom(k, scarce, runtime.Gosched)
	return &batch.Batch{Items: loans, Run: func() bool {
		var wrong atomic.Int64
		var all sync.WaitGroup
		for range borrowers {
			all.Go(func() {
				for range loans / borrowers {
					if !once() {
						wrong.Add(1)
					}
				}
			})
		}
		all.Wait()
		return wrong.Load() == 0 && made.Load() <= scarce
	}}
}

// lendFrom returns a loan of a new pool, and how many resources that has made.
func lendFrom(k lender, n int, meanwhile func()) (once func() bool, made *atomic.Int64) {
	made = new(atomic.Int64)
	return k(n, func() *tool { made.Add(1); return new(tool) }, meanwhile), made
}

// A tool belongs to one borrower at a time.
type tool struct{ lent bool }

// use reports whether nobody else uses it.
func (t *tool) use(meanwhile func()) bool {
	if t == nil || t.lent {
		return false
	}
	t.lent = true
	meanwhile()
	t.lent = false
	return true
}
