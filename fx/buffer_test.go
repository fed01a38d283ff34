package fx_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/fx"
)

func TestBufferRunsAheadOfTheLoopByItsSizeAndOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 5} {
			asked := 0
			for v := range naturals(&asked).Buffer(n) {
				synctest.Wait()
				require.Equal(t, v+1+n+1, asked)
				if v == 20 {
					break
				}
			}
			require.Equal(t, 22+n, asked, "a break stops the source where it is")
		}
	})
}

func TestSourceAndLoopWorkAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := fx.Map(upTo(10), func(n int) int { time.Sleep(time.Second); return n })
		s.Buffer(1).ForEach(func(int) { time.Sleep(time.Second) })
		require.Equal(t, 11*time.Second, time.Since(start))
	})
}

func TestPanicOfABufferedSourceComesAfterItsItems(t *testing.T) {
	for _, size := range []int{0, 1, 10} {
		var seen []int
		requirePanic(t, errDown, func() {
			failing(5, errDown).Buffer(size).ForEach(func(n int) { seen = append(seen, n) })
		})
		require.Equal(t, []int{0, 1, 2, 3, 4}, seen)
	}
}

func TestBreakRaisesThePanicOfTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requirePanic(t, errDown, func() {
			for range failing(5, errDown).Buffer(10) {
				synctest.Wait() // the source has panicked
				break
			}
		})
	})
}

func TestPanicOfTheBodyWins(t *testing.T) {
	logged := catchLog(t)
	synctest.Test(t, func(t *testing.T) {
		require.PanicsWithValue(t, errOther, func() {
			failing(5, errDown).Buffer(10).ForEach(func(int) {
				synctest.Wait()
				panic(errOther)
			})
		})
	})
	require.Contains(t, logged(), "panic=down", "and that of the source is not lost")
}

func TestGoexitOfABufferedSourceEndsTheLoop(t *testing.T) {
	require.True(t, exits(func() {
		fx.From(func(yield func(int) bool) { yield(1); runtime.Goexit() }).Buffer(3).Count()
	}))
}

func TestGoexitOfTheBodyStopsTheSource(t *testing.T) {
	require.True(t, exits(func() {
		for range endless().Buffer(3) {
			runtime.Goexit()
		}
	}))
}

func TestBreakWaitsAMillisecondForTheSourceAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan int, 1)
		for range 20 {
			stuck <- 1
			start := time.Now()
			for range fx.Range(stuck).Buffer(3) {
				break
			}
			require.Equal(t, time.Millisecond, time.Since(start))
			stuck <- 2 // at which the source ends; the bubble would tell if not
			synctest.Wait()
			require.Empty(t, stuck)
		}
		slow := fx.Map(endless(), func(n int) int { time.Sleep(time.Microsecond); return n })
		start := time.Now()
		first, _ := slow.Buffer(0).First()
		require.Zero(t, first)
		require.Less(t, time.Since(start), time.Millisecond)
	})
}

// What is downstream of a source that runs apart may panic in each of its funcs.
func TestPanicDownstreamStopsTheSource(t *testing.T) {
	for name, end := range map[string]func(fx.Stream[int]){
		"DistinctBy": func(s fx.Stream[int]) { fx.DistinctBy(s, func(int) int { panic(errDown) }).Count() },
		"Reduce":     func(s fx.Stream[int]) { fx.Reduce(s, 0, func(int, int) int { panic(errDown) }) },
		"ForEach":    func(s fx.Stream[int]) { s.ForEach(func(int) { panic(errDown) }) },
		"AnyMatch":   func(s fx.Stream[int]) { s.AnyMatch(func(int) bool { panic(errDown) }) },
		"Group":      func(s fx.Stream[int]) { fx.Group(s, func(int) int { panic(errDown) }).Count() },
	} {
		synctest.Test(t, func(t *testing.T) { // fails if the source goes on
			require.PanicsWithValue(t, errDown, func() { end(endless().Buffer(5)) }, name)
			require.PanicsWithValue(t, errDown, func() { end(fx.Merge(endless(), endless())) }, name)
		})
	}
}

func TestPanicThatNobodyWaitsForIsLogged(t *testing.T) {
	logged := catchLog(t)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := fx.From(func(yield func(int) bool) {
			yield(1)
			<-release
			panic(errDown)
		})
		first, ok := s.Buffer(3).First()
		require.True(t, ok)
		require.Equal(t, 1, first)
		require.Empty(t, logged())
		close(release)
	})
	require.Contains(t, logged(), `msg="fx: panic in a source that nobody ranges over any more" panic=down`)
}

func TestSourceThatGoesOnAfterTheBreakPanicsInTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fx.From(func(yield func(int) bool) {
			for {
				yield(1) // whatever it returns
			}
		})
		defer func() {
			var err runtime.Error
			require.ErrorAs(t, recover().(*weir.Panic), &err)
		}()
		s.Buffer(0).First()
	})
}

func TestMergeKeepsTheOrderOfEachStream(t *testing.T) {
	const streams, items = 5, 200
	var all []fx.Stream[[2]int]
	for i := range streams {
		all = append(all, fx.Map(upTo(items), func(n int) [2]int { return [2]int{i, n} }))
	}
	var next [streams]int
	for v := range fx.Merge(all...) {
		require.Equal(t, next[v[0]], v[1])
		next[v[0]]++
	}
	for _, n := range next {
		require.Equal(t, items, n)
	}
	require.Zero(t, fx.Merge[int]().Count())
}

func TestMergeDoesNotWaitForASlowStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := fx.Map(upTo(1), func(int) int { time.Sleep(time.Hour); return -1 })
		fast := fx.Map(upTo(3), func(n int) int { time.Sleep(time.Second); return n })
		start := time.Now()
		require.Equal(t, []int{0, 1, 2}, fx.Merge(slow, fast).Head(3).Collect())
		require.Equal(t, 3*time.Second+time.Millisecond, time.Since(start))
		time.Sleep(time.Hour)
	})
}

func TestPanicOfOneMergedStreamStopsTheOthers(t *testing.T) {
	requirePanic(t, errDown, func() { fx.Merge(endless(), failing(3, errDown), endless()).Count() })
}
