package threading_test

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/threading"
)

func TestGroupWaitsForAllThatWereStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g threading.RoutineGroup
		var done atomic.Int32
		for i := range 4 {
			g.Run(func() {
				time.Sleep(time.Duration(i) * time.Second)
				done.Add(1)
			})
			g.RunSafe(func() { done.Add(1) })
		}
		g.Run(func() { // one may start others
			g.Run(func() {
				time.Sleep(10 * time.Second)
				done.Add(1)
			})
		})
		begin := time.Now()
		g.Wait()
		require.Equal(t, 10*time.Second, time.Since(begin))
		require.EqualValues(t, 9, done.Load())
		g.Wait() // again, with nothing there
	})
}

func TestGroupRaisesAPanicInWaitWithItsStackOnceOthersHaveReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g threading.RoutineGroup
		begin := time.Now()
		g.Run(panicsDeepDown)
		g.Run(func() { time.Sleep(time.Second) })
		p := raised(t, g.Wait)
		require.Equal(t, "lost", p.Value)
		require.Contains(t, string(p.Stack), "panicsDeepDown")
		require.Equal(t, time.Second, time.Since(begin))
		g.Run(func() {})
		require.Same(t, p, raised(t, g.Wait), "it stays")
	})
}

func TestGroupReportsThePanicsBehindTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c collector
		g := threading.RoutineGroup{OnPanic: c.hook}
		for i := range 3 {
			g.Run(func() {
				time.Sleep(time.Duration(i) * time.Second)
				panic(i)
			})
		}
		require.Equal(t, 0, raised(t, g.Wait).Value)
		require.Equal(t, []any{1, 2}, c.values())
	})
}

func TestGroupReportsPanicsOfRunSafe(t *testing.T) {
	var c collector
	g := threading.RoutineGroup{OnPanic: c.hook}
	g.RunSafe(panicsDeepDown)
	g.Run(func() {})
	g.Wait()
	require.Equal(t, []any{"lost"}, c.values())

	out := logged(t, func() {
		var g threading.RoutineGroup
		g.RunSafe(panicsDeepDown)
		g.Wait()
	})
	require.Equal(t, 1, strings.Count(out, "panic=lost"))
}

func TestGoexitCountsAsReturned(t *testing.T) {
	var g threading.RoutineGroup
	g.Run(runtime.Goexit)
	g.RunSafe(runtime.Goexit)
	g.Wait()
}

func TestEveryWaitOfAGroupSeesThePanic(t *testing.T) {
	var g threading.RoutineGroup
	var seen atomic.Int32
	release := make(chan struct{})
	g.Run(func() {
		<-release
		panicsDeepDown()
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			defer func() {
				if recover() != nil {
					seen.Add(1)
				}
			}()
			g.Wait()
		})
	}
	close(release)
	wg.Wait()
	require.EqualValues(t, 8, seen.Load())
}
