package mr_test

import (
	"context"
	"flag"
	"iter"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/mr"
)

var stress = flag.Int("stress", 300, "how many random runs the stress tests make")

// A plan is one random run: how much there is to do, and what goes wrong where.
type plan struct {
	rng     *rand.Rand
	n       int  // items of the source
	yields  int  // results of an item, at most
	sleeps  bool // functions take their time now and then
	blocks  bool // the source hangs at its end, until the context is done
	options mr.Options

	// What goes wrong is a number of steps away, counted over all roles.
	fuse                   atomic.Int64
	event                  int
	cancel                 func()
	mapped, yielded, taken atomic.Int64
	running                atomic.Int64
}

const (
	allWell = iota
	fails
	panics
	exits
	cancels
	leaves // the reducer returns early
	events
)

func newPlan(seed uint64, cancel func()) *plan {
	rng := rand.New(rand.NewPCG(seed, 1))
	p := &plan{
		rng: rng, n: rng.IntN(600), yields: rng.IntN(4), sleeps: rng.IntN(2) == 0,
		event: rng.IntN(events), cancel: cancel,
		options: mr.Options{Workers: 1 + rng.IntN(20), CollectErrors: rng.IntN(3) == 0, OnPanic: func(*weir.Panic) {}},
	}
	if !p.sleeps && rng.IntN(5) == 0 {
		p.yields = 300
	}
	p.blocks = rng.IntN(4) == 0 && p.event == cancels
	p.fuse.Store(int64(rng.IntN(2*p.n + 2)))
	if p.blocks {
		p.fuse.Store(0)
	}
	return p
}

// step may be anywhere in user code. It reports whether it is time to fail.
func (p *plan) step(chance int) bool {
	if p.sleeps && chance%31 == 0 {
		time.Sleep(time.Duration(chance) * time.Microsecond)
	}
	if p.event == allWell || p.fuse.Add(-1) != 0 {
		return false
	}
	switch p.event {
	case panics:
		panic(errTest)
	case exits:
		runtime.Goexit()
	case cancels:
		p.cancel()
	}
	return p.event == fails
}

func (p *plan) source(ctx context.Context) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range p.n {
			p.step(i)
			if !yield(i) {
				return
			}
		}
		if p.blocks {
			p.cancel()
			<-ctx.Done()
		}
	}
}

func (p *plan) mapper(_ context.Context, i int, yield func(int)) error {
	p.running.Add(1)
	defer p.running.Add(-1)
	for range p.yieldsOf(i) {
		yield(i)
		p.yielded.Add(1)
	}
	if p.step(i) {
		return errTest
	}
	p.mapped.Add(1)
	return nil
}

func (p *plan) yieldsOf(i int) int { return i % (p.yields + 1) }

func (p *plan) reducer(_ context.Context, results iter.Seq[int]) (sum int, err error) {
	for v := range results {
		p.taken.Add(1)
		sum += v
		if p.step(v) {
			return sum, errTest
		}
		if p.event == leaves && p.fuse.Load() <= 0 {
			return -1, nil
		}
	}
	return sum, nil
}

func (p *plan) sum() (sum int) {
	for i := range p.n {
		sum += i * p.yieldsOf(i)
	}
	return sum
}

// check compares how a run ended with what may come of the plan.
func (p *plan) check(t *testing.T, e ending, value int) {
	t.Helper()
	require.Zero(t, p.running.Load(), "a mapper runs after the end")
	reached := p.event != allWell && p.fuse.Load() <= 0
	switch {
	case e.panicked != nil:
		require.Equal(t, panics, p.event)
		require.Equal(t, errTest, e.panicked.(*weir.Panic).Value)
	case e.exited:
		require.Equal(t, exits, p.event)
	case e.err != nil:
		require.True(t, reached)
		want := map[int]error{fails: errTest, cancels: context.Canceled}[p.event]
		require.ErrorIs(t, e.err, want)
	case p.event == leaves && value == -1:
	default:
		require.Equal(t, p.sum(), value)
		require.EqualValues(t, p.n, p.mapped.Load())
		require.Equal(t, p.yielded.Load(), p.taken.Load())
	}
}

func (p *plan) run(t *testing.T, ctx context.Context) {
	value := 0
	e := endOf(func() (err error) {
		value, err = mr.MapReduce(ctx, p.source(ctx), p.mapper, p.reducer, p.options)
		return err
	})
	p.check(t, e, value)
}

// In a bubble, a run that hangs is a deadlock, and so is a goroutine that is left.
func TestRandomRunsNeitherHangNorLeak(t *testing.T) {
	for range *stress {
		seed := rand.Uint64()
		ok := t.Run("", func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				newPlan(seed, cancel).run(t, ctx)
				time.Sleep(time.Second) // a source that sleeps may have been left behind
			})
		})
		require.True(t, ok, "seed %d", seed)
	}
}

// In real time, goroutines meet in ways that they do not in a bubble.
func TestRandomRunsInRealTime(t *testing.T) {
	for range *stress {
		seed := rand.Uint64()
		ok := t.Run("", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			newPlan(seed, cancel).run(t, ctx)
		})
		require.True(t, ok, "seed %d", seed)
	}
}
