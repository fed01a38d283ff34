package load_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

// A level is what a signal says, as 1/1000.
type level struct{ atomic.Int64 }

func (l *level) signal(name string, sheds weir.Criticality) load.Signal {
	return load.Signal{Name: name, Sheds: sheds, Read: func() (float64, error) { return float64(l.Load()) / 1000, nil }}
}

// visit makes 400 calls a second of all classes in turn, one at a time, and returns
// which share of each class was refused. Each refusal must be for the signal.
func visit(t *testing.T, s *load.Shedder, length time.Duration, signal string) (refused [4]share) {
	t.Helper()
	for n := range int(length / (2500 * time.Microsecond)) {
		p, err := s.Allow(of(allClasses[n%4]))
		refused[n%4].count(err != nil)
		if err != nil {
			require.Equal(t, load.ReasonSignal, reasonOf(t, err))
			require.EqualError(t, err, "load: overloaded (signal "+signal+", "+allClasses[n%4].String()+")")
			var refusal *load.Refusal
			require.True(t, errors.As(err, &refusal))
			require.Equal(t, signal, refusal.Signal)
		}
		p.Done(weir.Success)
		time.Sleep(2500 * time.Microsecond)
	}
	return refused
}

func TestSignalShedsUpToItsClassAndNoFurther(t *testing.T) {
	for top, class := range allClasses {
		synctest.Test(t, func(t *testing.T) {
			var hot level
			hot.Store(2000)
			s := blind(load.Options{Signals: []load.Signal{hot.signal("disk", class)}})
			visit(t, s, 10*time.Second, "disk")
			refused := visit(t, s, 10*time.Second, "disk")
			for i := range allClasses {
				if i <= top {
					require.Greater(t, refused[i].ratio(), 0.9, "%v: %v", class, refused)
					require.NotEqual(t, refused[i].yes, refused[i].all, "none is refused completely")
				} else {
					require.Zero(t, refused[i].yes, "%v: %v", class, refused)
				}
			}
			require.Equal(t, 1.0, requireSane(t, s).Signals[0].Squeeze)
		})
	}
}

func TestSignalShedsTheLowestClassFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var warmish level
		warmish.Store(1020) // a fiftieth more per reading
		s := blind(load.Options{Signals: []load.Signal{warmish.signal("disk", weir.CriticalPlus)}})
		for range 24 {
			refused := visit(t, s, 500*time.Millisecond, "disk")
			for i := range 3 {
				if refused[i+1].yes > 0 {
					require.Greater(t, refused[i].ratio(), 0.5, "%v", refused)
				}
				require.GreaterOrEqual(t, refused[i].yes, refused[i+1].yes-8, "%v", refused)
			}
		}
	})
}

func TestSignalStopsSoonAfterCoolOff(t *testing.T) {
	for coolOff, least := range map[time.Duration]time.Duration{-1: 0, 0: time.Second, 5 * time.Second: 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			var hot level
			hot.Store(3000)
			s := blind(load.Options{CoolOff: coolOff, Signals: []load.Signal{hot.signal("disk", 0)}})
			visit(t, s, 10*time.Second, "disk")
			hot.Store(999)
			if still := least - 300*time.Millisecond; still > 0 {
				require.Greater(t, visit(t, s, still, "disk")[0].ratio(), 0.9, "it has not cooled off")
			}
			time.Sleep(300 * time.Millisecond)
			visit(t, s, 2*time.Second, "disk") // seven times half of it
			require.Equal(t, [4]share{{0, 100}, {0, 100}, {0, 100}, {0, 100}}, visit(t, s, time.Second, "disk"), coolOff)
		})
	}
}

// Where two signals disagree about what may be shed, each must have its way, whichever
// comes first and whichever is louder.
func TestSignalOfAHigherClassIsNotHiddenByAnother(t *testing.T) {
	for _, order := range [][2]string{{"disk", "memory"}, {"memory", "disk"}} {
		for _, loud := range []int64{1100, 9000} {
			synctest.Test(t, func(t *testing.T) {
				var disk, memory level
				signals := map[string]load.Signal{
					"disk": disk.signal("disk", weir.Sheddable), "memory": memory.signal("memory", weir.Critical),
				}
				s := blind(load.Options{Signals: []load.Signal{signals[order[0]], signals[order[1]]}})
				disk.Store(loud)
				memory.Store(2000)
				var refused [4]share
				for n := range 8000 {
					p, err := s.Allow(of(allClasses[n%4]))
					if n > 4000 {
						refused[n%4].count(err != nil)
					}
					p.Done(weir.Success)
					time.Sleep(2500 * time.Microsecond)
				}
				for i := range 3 {
					require.Greater(t, refused[i].ratio(), 0.9, "%v, disk at %d: %v", order, loud, refused)
				}
				require.Zero(t, refused[3].yes)
			})
		}
	}
}

func TestSignalThatCannotBeReadRefusesNobody(t *testing.T) {
	for name, read := range map[string]func() (float64, error){
		"fails":           func() (float64, error) { return 5, errors.New("no such file") },
		"panics":          func() (float64, error) { panic("boom") },
		"panics with nil": func() (float64, error) { panic(nil) },
	} {
		synctest.Test(t, func(t *testing.T) {
			s := blind(load.Options{Signals: []load.Signal{{Name: "broken", Read: read, Sheds: weir.CriticalPlus}}})
			require.Zero(t, overall(visit(t, s, 10*time.Second, "")), name)
			st := requireSane(t, s)
			require.Error(t, st.Signals[0].Err, name)
			require.Zero(t, st.Signals[0].Level, name)
		})
	}
}

func TestReadThatEndsItsGoroutineLeavesTheShedderWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := blind(load.Options{Signals: []load.Signal{{Name: "gone", Read: func() (float64, error) {
			runtime.Goexit()
			return 0, nil
		}}}})
		for range 5 {
			var wg sync.WaitGroup
			admitted := 0
			wg.Go(func() {
				_, _ = s.Allow(context.Background())
				t.Error("Goexit was stopped")
			})
			wg.Wait()
			for range 10 {
				leave(weir.Success, enter(t, s, 1)...)
				admitted++
			}
			time.Sleep(250 * time.Millisecond)
		}
		require.Error(t, s.Stats().Signals[0].Err)
		require.Zero(t, requireSane(t, s).InFlight)
	})
}

func TestReadThatBlocksHoldsUpOneCallOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := blind(load.Options{Signals: []load.Signal{{Name: "slow", Read: func() (float64, error) {
			<-gate
			return 0, nil
		}}}})
		var wg sync.WaitGroup
		wg.Go(func() { _ = weir.Do(context.Background(), s, func(context.Context) error { return nil }) })
		synctest.Wait()
		require.Zero(t, s.Stats().InFlight, "who reads is not in yet")
		for range 1000 {
			leave(weir.Success, enter(t, s, 1)...)
			time.Sleep(10 * time.Millisecond)
		}
		close(gate)
		wg.Wait()
		require.Equal(t, uint64(1001), s.Stats().Succeeded)
	})
}

// Its last word was that all is to be refused.
func TestReadThatNeverComesBackRefusesNobodyForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hot level
		hot.Store(2000)
		var gate chan struct{}
		disk := hot.signal("disk", weir.CriticalPlus)
		s := blind(load.Options{Signals: []load.Signal{{Name: "disk", Sheds: disk.Sheds, Read: func() (float64, error) {
			if gate != nil {
				<-gate
			}
			return disk.Read()
		}}}})
		visit(t, s, 10*time.Second, "disk")
		gate = make(chan struct{})
		time.Sleep(250 * time.Millisecond)
		var stuck sync.WaitGroup
		stuck.Go(func() { _ = weir.Do(context.Background(), s, func(context.Context) error { return nil }) })
		synctest.Wait()
		require.Greater(t, overall(visit(t, s, 700*time.Millisecond, "disk")), 0.9, "it has not cooled off")
		visit(t, s, 2500*time.Millisecond, "disk")
		require.Zero(t, overall(visit(t, s, time.Minute, "")))
		require.EqualError(t, requireSane(t, s).Signals[0].Err, "load: the signal's Read has not returned for 1m3.2s")
		require.Zero(t, metrics(s)["weir_shedder_signal_readable name= signal=disk"].Value)

		close(gate)
		stuck.Wait()
		visit(t, s, 10*time.Second, "disk")
		require.Greater(t, overall(visit(t, s, 10*time.Second, "disk")), 0.9, "it answers again")
		require.NoError(t, s.Stats().Signals[0].Err)
	})
}

func TestReadMayUseTheShedder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *load.Shedder
		reads := 0
		s = blind(load.Options{MaxQueue: 3, Signals: []load.Signal{{Name: "itself", Read: func() (float64, error) {
			reads++
			leave(weir.Success, enter(t, s, 1)...)
			s.Metrics(func(weir.Metric) bool { return true })
			return float64(s.Stats().InFlight), nil
		}}}})
		require.Zero(t, overall(visit(t, s, 10*time.Second, "")))
		require.Equal(t, 40, reads)
	})
}
