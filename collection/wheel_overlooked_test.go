package collection_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/collection"
)

func TestSetsOfATickKeepTheirOrderWhileTheWheelIsSorting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var got []int
		w := collection.NewTimingWheel(collection.WheelOptions[int, int]{Tick: time.Millisecond, Workers: 1, OnFire: func(k, _ int) { mu.Lock(); got = append(got, k); mu.Unlock() }})
		const n = 20000
		for i := range n {
			require.NoError(t, w.Set(i, i, 100*time.Millisecond))
		}
		time.Sleep(64 * time.Millisecond)
		for i := range 1000 {
			require.NoError(t, w.Set(n+i, 0, 36*time.Millisecond))
			runtime.Gosched()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Len(t, got, n+1000)
		for i, k := range got {
			if i != k {
				t.Fatalf("place %d has key %d", i, k)
			}
		}
		require.NoError(t, w.Close(t.Context()))
	})
}

func TestCallbacksThatCloseTheirWheelNeedNotWaitForOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var both sync.WaitGroup
		both.Add(2)
		var w *collection.TimingWheel[int, int]
		w = collection.NewTimingWheel(collection.WheelOptions[int, int]{OnFire: func(k, _ int) {
			time.Sleep(time.Duration(k) * time.Second)
			require.NoError(t, w.Close(t.Context()))
			both.Done()
			both.Wait()
		}})
		require.NoError(t, w.Set(1, 0, 0))
		require.NoError(t, w.Set(2, 0, 0))
		time.Sleep(time.Minute)
		require.Zero(t, w.Stats().Running)
	})
}

func TestAHookThatPanicsIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		before := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
		defer slog.SetDefault(before)
		w := collection.NewTimingWheel(collection.WheelOptions[int, int]{
			OnFire:  func(int, int) { panic("first") },
			OnPanic: func(*weir.Panic) { panic("second") },
		})
		require.NoError(t, w.Set(1, 1, 0))
		synctest.Wait()
		require.NoError(t, w.Close(t.Context()))
		require.Contains(t, out.String(), "panic=first")
		require.Contains(t, out.String(), "panic=second")
	})
}

// nosy is a context that looks at what it is used with.
type nosy struct {
	context.Context
	look func()
}

func (n nosy) Err() error { n.look(); return n.Context.Err() }

func TestAContextMayLookAtTheWheelThatWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewTimingWheel(collection.WheelOptions[int, int]{OnFire: func(int, int) { time.Sleep(time.Second) }})
		ctx := nosy{t.Context(), func() { w.Len() }}
		require.NoError(t, w.Set(1, 1, time.Hour))
		n, err := w.Drain(ctx, func(int, int, time.Duration) {})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NoError(t, w.Set(1, 1, 0))
		synctest.Wait()
		require.NoError(t, w.Close(ctx))
	})
}
