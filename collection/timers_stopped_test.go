package collection_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// crowd is more than enough for each shard to put off what is stopped.
const crowd = 16 * 1024

// A schedule is what timers ought to do, by number.
type schedule struct {
	timers *collection.Timers
	all    []*collection.Timer
	due    map[int]time.Time
	wrong  int
	fired  int
}

func newSchedule(n int) *schedule {
	s := &schedule{timers: collection.NewTimers(collection.TimersOptions{Workers: 1}), due: map[int]time.Time{}}
	for i := range n {
		s.all = append(s.all, s.timers.AfterFunc(time.Hour, func() { s.fire(i) }))
		s.due[i] = time.Now().Add(time.Hour)
	}
	return s
}

// fire runs while the test sleeps.
func (s *schedule) fire(i int) {
	told.Load()
	s.fired++
	if at, ok := s.due[i]; !ok || !at.Equal(time.Now()) {
		s.wrong++
	}
	delete(s.due, i)
}

// step stops or resets a timer, mostly one of a few, so that the same is stopped and
// reset before the shard has seen to it.
func (s *schedule) step(t *testing.T, r *rand.Rand) {
	i := r.IntN(40)
	if r.IntN(4) == 0 {
		i = r.IntN(len(s.all))
	}
	_, was := s.due[i]
	if r.IntN(2) == 0 {
		require.Equal(t, was, s.all[i].Stop())
		delete(s.due, i)
		return
	}
	d := ms(float64(10 * (1 + r.IntN(1<<r.IntN(16)))))
	require.Equal(t, was, s.all[i].Reset(d))
	s.due[i] = time.Now().Add(d)
}

func TestTimersStoppedInACrowdDoAsTheyAreTold(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		s, r := newSchedule(crowd), rand.New(rand.NewPCG(4, 2))
		for range 20_000 {
			s.step(t, r)
			if r.IntN(50) == 0 {
				passes(ms(10 * float64(r.IntN(20)))) // on a tick, so that what is due is exact
				require.Equal(t, len(s.due), s.timers.Len())
			}
		}
		passes(24 * time.Hour)
		require.Zero(t, s.wrong)
		require.Empty(t, s.due)
		st := s.timers.Stats()
		require.EqualValues(t, s.fired, st.Fired)
		require.Equal(t, st.Added, st.Fired+st.Removed)
		_, ok := s.timers.Alarm()
		require.False(t, ok)
	})
}

func TestTimersStoppedInACrowdCanBeDueAtOnce(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		start := time.Now()
		var fired, late atomic.Int32
		timers := collection.NewTimers(collection.TimersOptions{})
		var all []*collection.Timer
		for range crowd {
			all = append(all, timers.AfterFunc(time.Hour, func() {
				fired.Add(1)
				if time.Since(start) > 0 {
					late.Add(1)
				}
			}))
		}
		for _, timer := range all[:100] {
			require.True(t, timer.Stop())
			require.False(t, timer.Stop())
			require.False(t, timer.Reset(0))
		}
		passes(0)
		require.EqualValues(t, 100, fired.Load())
		require.Zero(t, late.Load())
		require.Equal(t, crowd-100, timers.Len())
		passes(time.Hour)
		require.EqualValues(t, crowd, fired.Load())
	})
}

func TestTimersStoppedInACrowdStayStoppedOnceClosed(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		s := newSchedule(crowd)
		require.True(t, s.all[0].Stop())
		require.NoError(t, s.timers.Close(context.Background()))
		require.False(t, s.all[0].Reset(0))
		require.True(t, s.all[1].Stop())
		require.False(t, s.all[1].Reset(0))
		passes(2 * time.Hour)
		require.Zero(t, s.fired)
		require.Equal(t, crowd-2, s.timers.Len())
	})
}

// In a crowd, a few of those that were stopped are let go of later, and all of them
// once something fires or nothing is pending.
func TestTimersKeepAFewThatWereStoppedInACrowd(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		type big [1 << 10]byte
		timers := collection.NewTimers(collection.TimersOptions{})
		var kept []*collection.Timer
		var stopped []weak.Pointer[big]
		for range crowd {
			kept = append(kept, timers.AfterFunc(time.Hour, func() {}))
		}
		for range 1000 {
			v := new(big)
			stopped = append(stopped, weak.Make(v))
			timers.AfterFunc(time.Hour, func() { v[0]++ }).Stop()
		}
		held := func() (n int) {
			runtime.GC()
			for _, v := range stopped {
				if v.Value() != nil {
					n++
				}
			}
			return n
		}
		require.LessOrEqual(t, held(), 16*16)
		timers.AfterFunc(time.Second, func() {})
		passes(time.Second)
		require.Zero(t, held())
		for _, timer := range kept {
			require.True(t, timer.Stop())
		}
		_, ok := timers.Alarm()
		require.False(t, ok)
		runtime.KeepAlive(kept)
	})
}

// Each timer ends as often as it began, whoever stops and resets it while it may fire.
func TestTimersInACrowdEndOnceUnderStress(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	timers := collection.NewTimers(collection.TimersOptions{Tick: 100 * time.Microsecond})
	var fired, stopped, began atomic.Int64
	all := make([]*collection.Timer, crowd)
	for i := range all {
		all[i] = timers.AfterFunc(time.Hour, func() { fired.Add(1) })
		began.Add(1)
	}
	var workers sync.WaitGroup
	for g := range 8 {
		workers.Go(func() {
			r := rand.New(rand.NewPCG(9, uint64(g)))
			for range 4000 {
				timer := all[r.IntN(200)] // which others use as well
				if r.IntN(2) == 0 {
					if timer.Stop() {
						stopped.Add(1)
					}
				} else if !timer.Reset(time.Duration(r.Int64N(int64(3 * time.Millisecond)))) {
					began.Add(1)
				}
			}
		})
	}
	workers.Wait()
	for _, timer := range all {
		if timer.Stop() {
			stopped.Add(1)
		}
	}
	require.Zero(t, timers.Len())
	require.NoError(t, timers.Close(context.Background()))
	require.Equal(t, began.Load(), fired.Load()+stopped.Load())
}
