package load

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

// A door is a signal that does not answer while it is closed. It is for bubbles.
type door struct {
	dial
	closed chan struct{} // nil while it is open
}

func (d *door) signal(name string, sheds weir.Criticality) Signal {
	return Signal{Name: name, Sheds: sheds, Read: func() (float64, error) {
		d.reads++
		if d.closed != nil {
			<-d.closed
		}
		return d.level, d.err
	}}
}

func (d *door) close() { d.closed = make(chan struct{}) }

// open lets whoever waits for an answer have this level.
func (d *door) open(level float64) {
	closed := d.closed
	d.closed, d.level = nil, level
	close(closed)
	synctest.Wait()
}

// aside polls on another goroutine, which may have to wait, once d has passed.
func (w *watch) aside(d time.Duration) {
	w.now += d
	now := int64(w.now)
	go w.poll(now)
	synctest.Wait()
}

func TestSignalThatDoesNotAnswerCountsAsCalmUntilItDoes(t *testing.T) {
	for _, coolOff := range []time.Duration{0, pause, time.Second, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			d := &door{dial: dial{level: 9}}
			w := watchOver(coolOff, d.signal("a", 0))
			for range 4 {
				w.after(pause)
			}
			hot := w.now
			require.Equal(t, 1.0, w.share(weir.Sheddable))
			d.close()
			w.aside(pause)
			require.Equal(t, 5, d.reads)
			require.NoError(t, w.stats()[0].Err, "it has not had the time to answer")
			require.Equal(t, 9.0, w.stats()[0].Level)
			for w.now < hot+coolOff+10*pause {
				w.after(pause)
				calm := max(0, w.now-hot-coolOff)
				require.InDelta(t, halved(calm), w.share(weir.Sheddable), 1e-9, "cool-off %v, calm for %v", coolOff, calm)
			}
			st := w.stats()[0]
			require.EqualError(t, st.Err, "load: the signal's Read has not returned for "+(coolOff+9*pause).String())
			require.Zero(t, st.Level)
			require.Zero(t, st.Squeeze)
			require.Zero(t, w.share(weir.Sheddable))
			require.Equal(t, 5, d.reads, "nobody asks again while one waits")

			d.open(7)
			require.Equal(t, SignalStats{Name: "a", Level: 7, Sheds: weir.SheddablePlus, Squeeze: 0.25}, w.stats()[0])
			for i := range 5 {
				require.Equal(t, min(1, 0.25*float64(i+1)), w.share(weir.Sheddable))
				w.after(pause)
			}
			require.Equal(t, 10, d.reads)
		})
	}
}

// halved is what is left of 1 after so much time, if it halves at every pause.
func halved(calm time.Duration) float64 {
	left := 1.0
	for ; calm >= pause; calm -= pause {
		left /= 2
	}
	if left < 0.01 {
		return 0
	}
	return left
}

func TestStatsSayForHowLongASignalHasNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &door{}
		w := watchOver(time.Second, d.signal("a", 0))
		d.close()
		w.aside(0)
		w.now += pause - 1
		require.NoError(t, w.stats()[0].Err)
		w.now++ // the next reading would be due; nobody comes for it
		require.EqualError(t, w.stats()[0].Err, "load: the signal's Read has not returned for 250ms")
		w.now += time.Hour
		require.EqualError(t, w.stats()[0].Err, "load: the signal's Read has not returned for 1h0m0.25s")
		d.open(0.5)
		require.NoError(t, w.stats()[0].Err)
		require.Equal(t, 0.5, w.stats()[0].Level)
	})
}

func TestOtherSignalsAreReadWhileOneDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after, d := &dial{level: 1.5}, &dial{level: 1.5}, &door{}
		w := watchOver(0, before.signal("before", 0), d.signal("a", 0), after.signal("after", 0))
		d.close()
		w.aside(0)
		require.Equal(t, []int{1, 0}, []int{before.reads, after.reads}, "who waits reads no further")
		for range 3 {
			w.after(pause)
		}
		require.Equal(t, []int{4, 3}, []int{before.reads, after.reads})
		require.Equal(t, squeeze{1, weir.SheddablePlus, 0}, w.squeeze())
		before.level, after.level = 0, 0
		w.after(pause)
		st := w.stats()
		require.Equal(t, []float64{0.5, 0, 0.375}, []float64{st[0].Squeeze, st[1].Squeeze, st[2].Squeeze})

		d.open(0)
		require.Equal(t, []int{5, 4}, []int{before.reads, after.reads}, "what was due then others have read")
		w.after(pause)
		require.Equal(t, []int{6, 5, 2}, []int{before.reads, after.reads, d.reads})
	})
}

func TestSignalsThatDoNotAnswerHoldUpOneCallEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &door{}, &door{}
		w := watchOver(0, a.signal("a", 0), b.signal("b", 0))
		a.close()
		b.close()
		w.aside(0)
		w.aside(pause)
		for range 100 {
			w.after(pause) // would hang the bubble if it had to wait
		}
		require.Equal(t, []int{1, 1}, []int{a.reads, b.reads})
		a.open(2)
		b.open(3)
		st := w.stats()
		require.Equal(t, []float64{2, 3}, []float64{st[0].Level, st[1].Level})
	})
}

// Each answer comes later than the next one would be due.
func TestSignalThatIsSlowToAnswerSqueezesAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &door{}
		w := watchOver(time.Second, d.signal("a", 0))
		for i := range 10 {
			require.Equal(t, min(1, 0.25*float64(i)), w.share(weir.Sheddable))
			d.close()
			w.aside(pause)
			w.after(pause)
			d.open(2)
		}
	})
}

func TestNobodyWaitsForASlowRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		w := watchOver(0, Signal{Name: "slow", Read: func() (float64, error) {
			reads++
			time.Sleep(10 * time.Second)
			return 2, nil
		}})
		epoch := time.Now()
		poll := func() time.Duration {
			began := time.Now()
			w.poll(int64(time.Since(epoch)))
			_, _, _ = w.share(weir.Sheddable), w.squeeze(), w.stats()
			return time.Since(began)
		}
		var callers sync.WaitGroup
		callers.Go(func() {
			if waited := poll(); waited != 10*time.Second {
				t.Error("the reader waited", waited)
			}
		})
		synctest.Wait()
		for range 64 {
			callers.Go(func() {
				for range 99 {
					if waited := poll(); waited != 0 {
						t.Error("waited", waited)
					}
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
		callers.Wait()
		require.Equal(t, 1, reads)
		require.Equal(t, 0.25, w.share(weir.Sheddable))
		time.Sleep(pause) // others may have looked just now
		require.Equal(t, 10*time.Second, poll())
		require.Equal(t, 2, reads)
	})
}
