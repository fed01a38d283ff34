package threading

import (
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir"
)

// A RoutineGroup starts goroutines and waits for them. The zero value is ready.
// It must not be copied after first use. All methods are safe for concurrent use,
// with the one rule of [sync.WaitGroup]: where none is running, Run must not race
// with Wait, as neither of the two could say who came first.
//
// There is no bound on the goroutines (see [TaskRunner]), and no error and no
// context, which golang.org/x/sync/errgroup has.
//
// A goroutine of the group must not wait for the group: it would wait for itself.
// It may start others. One that calls [runtime.Goexit] counts as returned.
type RoutineGroup struct {
	// OnPanic is called with the panic of a function given to RunSafe, on its
	// goroutine. Without it, the panic is logged once through [log/slog.Default].
	// It must be set before first use.
	OnPanic func(*weir.Panic)

	running sync.WaitGroup
	first   atomic.Pointer[weir.Panic]
}

// Run calls fn in a new goroutine. If fn panics, Wait panics with the same value
// and stack once the others have returned. With several panics it is the first;
// the others are reported as those of RunSafe are. It panics if fn is nil.
func (g *RoutineGroup) Run(fn func()) {
	mustCall(fn != nil)
	g.running.Add(1)
	go g.run(fn)
}

// RunSafe calls fn in a new goroutine, and reports its panic. It panics if fn is
// nil.
func (g *RoutineGroup) RunSafe(fn func()) {
	mustCall(fn != nil)
	g.running.Add(1)
	go g.runSafe(fn)
}

// Wait returns when all functions have returned. If one that was given to Run has
// panicked, Wait panics with a [*weir.Panic]; so does every Wait from then on.
func (g *RoutineGroup) Wait() {
	g.running.Wait()
	if p := g.first.Load(); p != nil {
		panic(p)
	}
}

func (g *RoutineGroup) run(fn func()) {
	defer g.running.Done()
	defer func() {
		if v := recover(); v != nil {
			if p := weir.CaughtPanic(v); !g.first.CompareAndSwap(nil, p) {
				report(g.OnPanic, inGroup, p)
			}
		}
	}()
	fn()
}

const inGroup = "threading: panic in a goroutine of a group"

func (g *RoutineGroup) runSafe(fn func()) {
	defer g.running.Done()
	defer func() {
		if v := recover(); v != nil {
			report(g.OnPanic, inGroup, weir.CaughtPanic(v))
		}
	}()
	fn()
}
