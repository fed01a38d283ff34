package weir_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

// ledger is a guard that keeps an account of its permits. It refuses above its
// capacity, and every so often it panics instead.
type ledger struct {
	capacity            int64
	moody               bool
	asked               atomic.Int64
	inFlight            atomic.Int64
	admitted            atomic.Int64
	overbooked, doubled atomic.Int64
	settled             [4]atomic.Int64
}

func (l *ledger) Allow(context.Context) (weir.Permit, error) {
	if n := l.asked.Add(1); l.moody && n%7 == 0 {
		panic(errBoom)
	}
	if l.inFlight.Add(1) > l.capacity {
		l.inFlight.Add(-1)
		return weir.Permit{}, errRefused
	}
	l.admitted.Add(1)
	var once atomic.Bool
	return weir.PermitFunc(func(o weir.Outcome) {
		if once.Swap(true) {
			l.doubled.Add(1)
		}
		if l.inFlight.Add(-1) < 0 {
			l.overbooked.Add(1)
		}
		l.settled[o].Add(1)
	}), nil
}

func (l *ledger) total() (n int64) {
	for i := range l.settled {
		n += l.settled[i].Load()
	}
	return n
}

func TestJoinUnderStressSettlesEveryPermitOnceOnEachGuard(t *testing.T) {
	const workers, rounds = 32, 400
	guards := []*ledger{{capacity: 24}, {capacity: 16}, {capacity: 20, moody: true}, {capacity: 8}}
	joined := weir.Join(guards[0], weir.Join(guards[1], guards[2]), guards[3])
	var sent [4]atomic.Int64 // outcomes that a joint permit was settled with
	attempt := func(rnd *rand.Rand) {
		defer func() { _ = recover() }() // a moody guard
		p, err := joined.Allow(context.Background())
		if err != nil {
			return
		}
		o := weir.Outcome(rnd.IntN(4))
		sent[o].Add(1)
		var wg sync.WaitGroup
		wg.Go(func() { p.Done(o) })
		p.Done(o)
		wg.Wait()
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(2, uint64(w)))
			for range rounds {
				attempt(rnd)
			}
		})
	}
	wg.Wait()

	for i, g := range guards {
		require.Zero(t, g.inFlight.Load(), "guard %d", i)
		require.Zero(t, g.doubled.Load(), "guard %d", i)
		require.Zero(t, g.overbooked.Load(), "guard %d", i)
		require.Equal(t, g.admitted.Load(), g.total(), "guard %d", i)
		for _, o := range []weir.Outcome{weir.Success, weir.Failure, weir.Overloaded} {
			require.Equal(t, sent[o].Load(), g.settled[o].Load(), "guard %d, %v", i, o)
		}
	}
	require.Positive(t, guards[0].settled[weir.Ignored].Load(), "some were refused in the middle")
	last := guards[len(guards)-1]
	require.Equal(t, sent[weir.Ignored].Load(), last.settled[weir.Ignored].Load(), "nobody refuses after the last")
}
