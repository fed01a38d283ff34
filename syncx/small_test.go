package syncx_test

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

// atOnce calls fn on n goroutines that start together.
func atOnce(n int, fn func()) {
	var ready, done sync.WaitGroup
	ready.Add(n)
	for range n {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			fn()
		})
	}
	done.Wait()
}

func TestGuardedFunctionsRunOneByOne(t *testing.T) {
	const callers = 10_000
	var b syncx.Barrier
	var wg sync.WaitGroup
	count := 0
	for range callers {
		wg.Go(func() { b.Guard(func() { count++ }) })
	}
	wg.Wait()
	require.Equal(t, callers, count)
}

func TestBarrierOpensWhateverAFunctionDoes(t *testing.T) {
	var b syncx.Barrier
	for name, e := range noReturns {
		recovered, returned := alone(func() { b.Guard(e.end) })
		require.False(t, returned, name)
		require.IsType(t, e.recovered, recovered, name)
	}
	require.PanicsWithValue(t, "syncx: Barrier has no nil fn to call", func() { b.Guard(nil) })
	ran := false
	b.Guard(func() { ran = true })
	require.True(t, ran)
}

func TestDoneChanMayBeClosedByMany(t *testing.T) {
	for range 100 {
		var d syncx.DoneChan
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { <-d.Done() })
			wg.Go(d.Close)
		}
		wg.Wait()
		require.True(t, d.Closed())
	}
}

func TestDoneChanIsTheSameAtEachCall(t *testing.T) {
	var d syncx.DoneChan
	before := d.Done()
	select {
	case <-before:
		t.Fatal("not closed yet")
	default:
		require.False(t, d.Closed())
	}
	for range 5 {
		d.Close()
	}
	<-before
	require.True(t, d.Closed())
	require.Equal(t, before, d.Done())

	var closedFirst syncx.DoneChan
	closedFirst.Close()
	<-closedFirst.Done()
}

func TestOnceGuardIsTakenByOne(t *testing.T) {
	var g syncx.OnceGuard
	require.False(t, g.Taken())
	require.True(t, g.Take())
	require.True(t, g.Taken())
	require.False(t, g.Take())

	var took atomic.Int64
	guards := make([]syncx.OnceGuard, 100_000)
	atOnce(4, func() {
		for i := range guards {
			if guards[i].Take() {
				took.Add(1)
			}
		}
	})
	require.EqualValues(t, len(guards), took.Load())
}

func TestSpinLockExcludes(t *testing.T) {
	var l syncx.SpinLock
	var wg sync.WaitGroup
	count := 0
	for i := range 1000 {
		wg.Go(func() {
			for i%2 == 0 && !l.TryLock() {
				runtime.Gosched()
			}
			if i%2 != 0 {
				l.Lock()
			}
			defer l.Unlock()
			count++
		})
	}
	wg.Wait()
	require.Equal(t, 1000, count)
}

func TestSpinLockIsNotUnlockedTwice(t *testing.T) {
	const unlocked = "syncx: Unlock of a SpinLock that is not locked"
	var l syncx.SpinLock
	require.PanicsWithValue(t, unlocked, l.Unlock)
	l.Lock()
	require.False(t, l.TryLock())
	l.Unlock()
	require.PanicsWithValue(t, unlocked, l.Unlock)
	require.True(t, l.TryLock())
}

func TestAtomicDurationIsADurationThatGoroutinesShare(t *testing.T) {
	var d syncx.AtomicDuration
	require.Zero(t, d.Load())
	d.Store(time.Second)
	require.Equal(t, time.Second, d.Load())
	require.Equal(t, time.Second, d.Swap(time.Minute))
	require.False(t, d.CompareAndSwap(time.Second, time.Hour))
	require.True(t, d.CompareAndSwap(time.Minute, time.Hour))
	require.Equal(t, 59*time.Minute, d.Add(-time.Minute))

	var sum syncx.AtomicDuration
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { sum.Add(time.Millisecond) })
	}
	wg.Wait()
	require.Equal(t, 100*time.Millisecond, sum.Load())
}

func TestAtomicFloat64IsANumberThatGoroutinesShare(t *testing.T) {
	var f syncx.AtomicFloat64
	require.Zero(t, f.Load())
	f.Store(1.5)
	require.Equal(t, 1.5, f.Load())
	require.Equal(t, 1.5, f.Swap(-2))
	require.False(t, f.CompareAndSwap(1.5, 3))
	require.True(t, f.CompareAndSwap(-2, 3))
	require.Equal(t, 3.25, f.Add(0.25))

	var sum syncx.AtomicFloat64
	atOnce(4, func() {
		for range 500_000 {
			sum.Add(0.5)
		}
	})
	require.Equal(t, 1_000_000.0, sum.Load())
}

func TestAtomicFloat64ComparesBits(t *testing.T) {
	var f syncx.AtomicFloat64
	require.False(t, f.CompareAndSwap(math.Copysign(0, -1), 1))
	require.True(t, f.CompareAndSwap(0, math.NaN()))
	require.True(t, f.CompareAndSwap(math.NaN(), math.Inf(1)))
	require.True(t, math.IsNaN(f.Add(math.Inf(-1))))
}

func TestRefResourceIsCleanedByItsLastUser(t *testing.T) {
	cleaned := 0
	r := syncx.NewRefResource(func() { cleaned++ })
	const tooOften = "syncx: a RefResource is cleaned more often than used"
	require.PanicsWithValue(t, tooOften, r.Clean)
	require.NoError(t, r.Use())
	require.NoError(t, r.Use())
	r.Clean()
	require.Zero(t, cleaned)
	r.Clean()
	require.Equal(t, 1, cleaned)
	require.Equal(t, syncx.ErrUseOfCleaned, r.Use())
	require.PanicsWithValue(t, tooOften, r.Clean)
	require.Equal(t, 1, cleaned)
	require.PanicsWithValue(t, "syncx: a RefResource needs a function that cleans", func() { syncx.NewRefResource(nil) })
}

func TestRefResourceIsCleanedOnceByACrowd(t *testing.T) {
	var cleaned, users, used atomic.Int64
	r := syncx.NewRefResource(func() {
		if users.Load() != 0 {
			t.Error("cleaned in use")
		}
		cleaned.Add(1)
	})
	var wg sync.WaitGroup
	for range 10_000 {
		wg.Go(func() {
			if r.Use() != nil {
				return
			}
			users.Add(1)
			used.Add(1)
			runtime.Gosched()
			users.Add(-1)
			r.Clean()
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, cleaned.Load())
	require.Positive(t, used.Load())
}

func TestRefResourceMayBeAskedWhileItIsCleaned(t *testing.T) {
	for name, e := range noReturns {
		var r *syncx.RefResource
		r = syncx.NewRefResource(func() {
			require.Equal(t, syncx.ErrUseOfCleaned, r.Use())
			e.end()
		})
		require.NoError(t, r.Use())
		recovered, returned := alone(r.Clean)
		require.False(t, returned, name)
		require.IsType(t, e.recovered, recovered, name)
		require.Equal(t, syncx.ErrUseOfCleaned, r.Use(), name)
	}
}
