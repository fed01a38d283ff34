package collection_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// A timeline is what a wheel ought to do: each key with its value and the moment
// at which it is due, which is the first tick that is not before its delay.
type timeline struct {
	start time.Time
	tick  time.Duration
	due   map[int]time.Time
	value map[int]int
}

func newTimeline(tick time.Duration) *timeline {
	return &timeline{time.Now(), tick, map[int]time.Time{}, map[int]int{}}
}

func (l *timeline) set(key int, d time.Duration) {
	at := time.Since(l.start) + d
	if d <= 0 {
		l.due[key] = time.Now()
		return
	}
	l.due[key] = l.start.Add((at + l.tick - 1) / l.tick * l.tick)
}

func (l *timeline) remove(key int) {
	delete(l.due, key)
	delete(l.value, key)
}

// A check is a wheel beside its timeline. Callbacks are compared as they come.
type check struct {
	t *testing.T
	*timeline
	wheel *collection.TimingWheel[int, int]
	fired int
	wrong string
}

func newCheck(t *testing.T, tick time.Duration) *check {
	c := &check{t: t}
	c.wheel = collection.NewTimingWheel(collection.WheelOptions[int, int]{Tick: tick, Workers: 1, OnFire: c.fire})
	c.timeline = newTimeline(tick)
	return c
}

// fire runs while everybody else waits in a sleep.
func (c *check) fire(key, v int) {
	told.Load()
	c.fired++
	at, ok := c.due[key]
	if !ok || !at.Equal(time.Now()) || c.value[key] != v {
		c.wrong = fmt.Sprintf("%d fired with %d at %v, want %d at %v, %v",
			key, v, time.Since(c.start), c.value[key], at.Sub(c.start), ok)
	}
	c.timeline.remove(key)
}

// pass lets time pass. All that is due until then must have fired at its time.
func (c *check) pass(d time.Duration) {
	passes(d)
	require.Empty(c.t, c.wrong)
	for key, at := range c.due {
		require.True(c.t, at.After(time.Now()), "%d is late: %v", key, time.Since(at))
	}
	require.Equal(c.t, len(c.due), c.wheel.Len())
}

func (c *check) step(r *rand.Rand, delay func() time.Duration) {
	key := r.IntN(40)
	_, was := c.due[key]
	switch r.IntN(8) {
	case 0, 1, 2:
		d, v := delay(), r.Int()
		c.timeline.set(key, d)
		c.value[key] = v
		require.NoError(c.t, c.wheel.Set(key, v, d))
		c.wait(d)
	case 3, 4:
		d := delay()
		if was {
			c.timeline.set(key, d)
		}
		require.Equal(c.t, was, c.wheel.Move(key, d))
		c.wait(d)
	case 5:
		v, ok := c.wheel.Remove(key)
		require.Equal(c.t, was, ok)
		require.Equal(c.t, c.value[key], v)
		c.timeline.remove(key)
	case 6:
		c.pass(time.Duration(r.Int64N(int64(4 * c.tick))))
	default:
		c.pass(delay())
	}
}

// wait lets what is due at once fire before the next step.
func (c *check) wait(d time.Duration) {
	if d <= 0 {
		c.pass(0)
	}
}

func TestWheelFiresEachAtItsTickAndOnce(t *testing.T) {
	const steps = 40_000
	for _, tick := range []time.Duration{time.Microsecond, 10 * time.Millisecond, 7*time.Second + 1} {
		// In ticks; the longest tests together last for less than the 292 years after
		// which a clock ends.
		for _, reach := range []int64{3, 100, 10_000, 1 << 17} {
			synctest.Test(t, func(t *testing.T) {
				c := newCheck(t, tick)
				r := rand.New(rand.NewPCG(uint64(tick), uint64(reach)))
				delay := func() time.Duration {
					// Mostly no multiple of a tick, sometimes none at all, sometimes due.
					d := time.Duration(r.Int64N(r.Int64N(reach*int64(tick)) + 1))
					if r.IntN(3) == 0 {
						d = d / tick * tick
					}
					if r.IntN(20) == 0 {
						d = -d
					}
					return d
				}
				for range steps {
					c.step(r, delay)
				}
				st := c.wheel.Stats()
				require.EqualValues(t, c.fired, st.Fired)
				require.Equal(t, st.Added, st.Fired+st.Removed+uint64(st.Pending))
				require.NoError(t, c.wheel.Close(context.Background()))
			})
		}
	}
}

// Move fires at the wrong tick in wheels that compare slots instead of ticks. All
// positions on a wheel of ten slots, all delays up to two and a half rounds, all
// times to move and delays to move to; here a slot more or less of a level counts,
// so the wheel starts just before the ends of levels, too.
func TestWheelMoveIsRightFromEverywhereToEverywhere(t *testing.T) {
	const tick = time.Millisecond
	type move struct{ before, set, elapsed, to int }
	for _, origin := range []int{0, 50, 4096 - 20, 262_144 - 30} {
		synctest.Test(t, func(t *testing.T) {
			fired := map[move]time.Duration{}
			start := time.Now()
			wheel := collection.NewTimingWheel(collection.WheelOptions[move, time.Time]{
				Tick: tick, Workers: 1,
				OnFire: func(m move, moved time.Time) {
					_, twice := fired[m]
					require.False(t, twice, "%+v", m)
					fired[m] = time.Since(start)
				},
			})
			time.Sleep(time.Duration(origin) * tick)
			plans := map[int][]move{} // by the tick of the move
			cases := 0
			for now := range 10 + 25 {
				for _, m := range plans[now] {
					require.True(t, wheel.Move(m, time.Duration(m.to)*tick))
				}
				for set := 1; set <= 25 && now < 10; set++ {
					for elapsed := range set {
						for to := 1; to <= 25; to++ {
							m := move{now, set, elapsed, to}
							require.NoError(t, wheel.Set(m, time.Now(), time.Duration(set)*tick))
							if elapsed == 0 {
								require.True(t, wheel.Move(m, time.Duration(to)*tick))
							} else {
								plans[now+elapsed] = append(plans[now+elapsed], m)
							}
							cases++
						}
					}
				}
				passes(tick)
			}
			passes(time.Minute)
			require.Equal(t, 81_250, cases)
			require.Len(t, fired, cases)
			for m, at := range fired {
				want := time.Duration(origin+m.before+m.elapsed+m.to) * tick
				require.Equal(t, want, at, "%+v", m)
			}
		})
	}
}
