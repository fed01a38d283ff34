package collection_test

import (
	"context"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// A firing is one callback: when it came, counted from the start of the test.
type firing struct {
	key   string
	value int
	at    time.Duration
}

// newRecorder returns a wheel with a tick of 10 ms, whose callbacks run one after
// another, and what they were.
func newRecorder() (*collection.TimingWheel[string, int], *[]firing) {
	start, all := time.Now(), new([]firing)
	return collection.NewTimingWheel(collection.WheelOptions[string, int]{
		Workers: 1,
		OnFire: func(k string, v int) {
			told.Load()
			*all = append(*all, firing{k, v, time.Since(start)})
		},
	}), all
}

// told tells the race detector what it cannot know: that callbacks only run while
// the test sleeps. The test adds to it before, they load it.
var told atomic.Int64

func passes(d time.Duration) {
	told.Add(1)
	time.Sleep(d)
	synctest.Wait()
}

func ms(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

func TestWheelFiresAtTheFirstTickThatIsNotTooEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		var want []firing
		for i, d := range []time.Duration{1, ms(10), ms(10) + 1, ms(640), ms(640) + 1, ms(650), ms(41_000), time.Hour} {
			key := strconv.Itoa(i)
			require.NoError(t, w.Set(key, i, d))
			want = append(want, firing{key, i, (d + ms(10) - 1) / ms(10) * ms(10)})
		}
		passes(2 * time.Hour)
		require.Equal(t, want, *fired)
		require.Zero(t, w.Len())
	})
}

func TestWheelCountsDelaysFromTheCallNotFromTheTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		time.Sleep(ms(9))
		require.NoError(t, w.Set("a", 1, ms(10))) // due at 19
		time.Sleep(ms(0.5))
		require.NoError(t, w.Set("b", 2, ms(11))) // due at 20.5
		passes(time.Second)
		require.Equal(t, []firing{{"a", 1, ms(20)}, {"b", 2, ms(30)}}, *fired)
	})
}

// The test holds what callbacks need, so that it would hang if it ran one.
func TestWheelFiresAtOnceButNotInTheCallerWhereThereIsNoDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		start, fired := time.Now(), map[string]time.Duration{}
		w := collection.NewTimingWheel(collection.WheelOptions[string, int]{OnFire: func(k string, _ int) {
			mu.Lock()
			defer mu.Unlock()
			fired[k] = time.Since(start)
		}})
		time.Sleep(ms(3))
		mu.Lock()
		require.NoError(t, w.Set("a", 1, 0))
		require.NoError(t, w.Set("b", 2, -time.Hour))
		require.NoError(t, w.Set("c", 3, math.MinInt64))
		require.NoError(t, w.Set("d", 4, time.Hour))
		require.True(t, w.Move("d", 0))
		require.Empty(t, fired)
		mu.Unlock()
		passes(2 * time.Hour)
		require.Equal(t, map[string]time.Duration{"a": ms(3), "b": ms(3), "c": ms(3), "d": ms(3)}, fired)
		require.EqualValues(t, 4, w.Stats().Fired)
	})
}

func TestWheelSetReplacesValueAndDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		require.NoError(t, w.Set("sooner", 1, time.Minute))
		require.NoError(t, w.Set("later", 2, ms(50)))
		require.NoError(t, w.Set("sooner", 3, ms(80)))
		require.NoError(t, w.Set("later", 4, ms(100)))
		require.Equal(t, 2, w.Len())
		passes(time.Hour)
		require.Equal(t, []firing{{"sooner", 3, ms(80)}, {"later", 4, ms(100)}}, *fired)
	})
}

func TestWheelKnowsNothingOfAKeyThatHasFired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		require.False(t, w.Move("a", time.Second))
		_, ok := w.Remove("a")
		require.False(t, ok)
		require.NoError(t, w.Set("a", 1, ms(10)))
		passes(ms(10))
		require.Len(t, *fired, 1)
		require.False(t, w.Move("a", time.Second))
		_, ok = w.Remove("a")
		require.False(t, ok)
		require.NoError(t, w.Set("a", 2, ms(10)))
		passes(time.Hour)
		require.Equal(t, []firing{{"a", 1, ms(10)}, {"a", 2, ms(20)}}, *fired)
	})
}

func TestWheelNeverFiresWhatWasRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		require.NoError(t, w.Set("a", 8, ms(80)))
		time.Sleep(ms(60))
		require.True(t, w.Move("a", ms(70)))
		time.Sleep(ms(30))
		v, ok := w.Remove("a")
		require.True(t, ok)
		require.Equal(t, 8, v)
		passes(time.Hour)
		require.Empty(t, *fired)
	})
}

func TestWheelDelaysMayLastForCenturies(t *testing.T) {
	const year = 365 * 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		require.NoError(t, w.Set("century", 1, 100*year+1))
		require.NoError(t, w.Set("never", 2, math.MaxInt64))
		require.NoError(t, w.Set("moved", 3, ms(10)))
		require.True(t, w.Move("moved", math.MaxInt64))
		passes(100 * year)
		require.Empty(t, *fired)
		passes(ms(10))
		require.Equal(t, []firing{{"century", 1, 100*year + ms(10)}}, *fired)
		require.True(t, w.Move("never", ms(10)))
		passes(ms(10))
		require.Len(t, *fired, 2)
		require.Equal(t, 1, w.Len())
	})
}

func TestWheelStartsInOrderWhatIsDueTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		for i := range 100 {
			require.NoError(t, w.Set(strconv.Itoa(i), i, time.Minute-time.Duration(i)*ms(10)))
			time.Sleep(ms(10))
		}
		passes(time.Hour)
		require.Len(t, *fired, 100)
		for i, f := range *fired {
			require.Equal(t, firing{strconv.Itoa(i), i, time.Minute}, f)
		}
	})
}

// A process that was stopped, or a clock that jumps: all that was missed is made up
// for in one go, in order, and what comes later comes in time.
func TestWheelMakesUpForMissedTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		for i, d := range []time.Duration{ms(20), time.Second, 50 * time.Second, time.Minute, 10 * time.Minute} {
			require.NoError(t, w.Set(strconv.Itoa(i), i, d))
		}
		wake := w.Miss()
		passes(5*time.Minute + ms(3))
		require.Empty(t, *fired)
		require.NoError(t, w.Set("meanwhile", 9, ms(10)))
		wake()
		synctest.Wait()
		late := 5*time.Minute + ms(3)
		require.Equal(t, []firing{{"0", 0, late}, {"1", 1, late}, {"2", 2, late}, {"3", 3, late}}, *fired)
		passes(ms(20))
		require.Equal(t, firing{"meanwhile", 9, 5*time.Minute + ms(20)}, (*fired)[4])
		passes(time.Hour)
		require.Equal(t, firing{"4", 4, 10 * time.Minute}, (*fired)[5])
	})
}

func TestWheelIsNotDisturbedByAnAlarmTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		require.NoError(t, w.Set("a", 1, time.Minute))
		wake := w.Miss()
		for range 5 {
			wake()
			passes(ms(7))
		}
		passes(time.Hour)
		wake()
		require.Equal(t, []firing{{"a", 1, time.Minute}}, *fired)
		require.NoError(t, w.Set("b", 2, time.Minute))
		require.NoError(t, w.Set("c", 3, time.Hour))
		require.NoError(t, w.Close(context.Background()))
		passes(2 * time.Minute)
		wake()
		_, ok := w.Alarm()
		require.False(t, ok)
		passes(2 * time.Hour)
		require.Len(t, *fired, 1)
	})
}

func TestWheelFromOutsideABubbleDoesNoHarmInside(t *testing.T) {
	w := collection.NewTimingWheel(collection.WheelOptions[int, int]{OnFire: func(int, int) {}})
	synctest.Test(t, func(t *testing.T) {
		require.NoError(t, w.Set(1, 1, time.Hour))
		require.True(t, w.Move(1, 2*time.Hour))
		v, ok := w.Remove(1)
		require.True(t, ok)
		require.Equal(t, 1, v)
	})
}
