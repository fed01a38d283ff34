package breaker_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

func TestOneProbePerInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{MaxProbeInterval: time.Second})
		open(t, b)
		for range 20 {
			require.Equal(t, time.Second, b.RetryAfter())
			time.Sleep(time.Second - 1)
			require.Zero(t, times(10, b, fail), "a nanosecond early")
			require.Equal(t, time.Duration(1), b.RetryAfter())
			time.Sleep(time.Nanosecond)
			require.Zero(t, b.RetryAfter())
			require.Equal(t, 1, times(10, b, fail))
		}
	})
}

func TestOfManyCallersOneIsTheProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		open(t, b)
		for range 5 {
			time.Sleep(b.RetryAfter())
			var probes atomic.Int32
			together(64, func(int) {
				_ = b.Do(t.Context(), func(context.Context) error {
					probes.Add(1)
					time.Sleep(time.Millisecond)
					return errDown
				})
			})
			require.Equal(t, int32(1), probes.Load())
		}
	})
}

func TestFailedProbesLengthenTheIntervalUpToItsMaximum(t *testing.T) {
	for _, c := range []struct {
		options breaker.Options
		want    []time.Duration
	}{
		{breaker.Options{}, []time.Duration{1000, 1000, 2000, 3000, 3000}},
		{
			breaker.Options{ProbeInterval: 4 * time.Second},
			[]time.Duration{4000, 4000, 4000, 4000},
		},
		{
			breaker.Options{ProbeInterval: 100 * time.Millisecond, MaxProbeInterval: 200 * time.Millisecond},
			[]time.Duration{100, 100, 200, 200},
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := breaker.New(c.options)
			open(t, b)
			for i, want := range c.want {
				require.Equal(t, want*time.Millisecond, b.RetryAfter(), "interval %d", i)
				time.Sleep(b.RetryAfter())
				require.Equal(t, 1, times(5, b, fail))
			}
		})
	}
}

// lost are probes that end in every way but the orderly one. None may wedge the
// breaker: once the interval is over, the next probe goes.
var lost = map[string]func(b *breaker.Breaker){
	"permit is never settled": func(b *breaker.Breaker) { _, _ = b.Allow(context.Background()) },
	"permit is settled as ignored": func(b *breaker.Breaker) {
		p, _ := b.Allow(context.Background())
		p.Done(weir.Ignored)
	},
	"caller cancels": func(b *breaker.Breaker) {
		ctx, cancel := context.WithCancel(context.Background())
		_ = b.Do(ctx, func(ctx context.Context) error {
			cancel()
			return ctx.Err()
		})
	},
	"call panics": func(b *breaker.Breaker) {
		defer func() { _ = recover() }()
		_ = b.Do(context.Background(), func(context.Context) error { panic("boom") })
	},
	"call panics inside weir.Do": func(b *breaker.Breaker) {
		defer func() { _ = recover() }()
		_ = weir.Do(context.Background(), b, func(context.Context) error { panic("boom") })
	},
	"goroutine exits": func(b *breaker.Breaker) {
		together(1, func(int) {
			_ = b.Do(context.Background(), func(context.Context) error {
				runtime.Goexit()
				return nil
			})
		})
	},
	"a guard further down refuses": func(b *breaker.Breaker) {
		_ = b.Do(context.Background(), func(context.Context) error { return breaker.ErrThrottled })
	},
	"classification panics": func(b *breaker.Breaker) {
		defer func() { _ = recover() }()
		_ = b.Do(context.Background(), func(context.Context) error { return errUnclassifiable })
	},
}

var errUnclassifiable = errors.New("unclassifiable")

func TestLostProbesWedgeNothing(t *testing.T) {
	for name, lose := range lost {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := breaker.New(breaker.Options{Classify: func(err error) weir.Outcome {
					if err == errUnclassifiable {
						panic("what is that?")
					}
					return weir.Classify(err)
				}})
				open(t, b)
				for range 5 {
					time.Sleep(3 * time.Second) // an interval, however long it has become
					require.Equal(t, breaker.Open, b.State())
					lose(b)
					require.Zero(t, times(5, b, succeed), "the lease is taken")
				}
				time.Sleep(3 * time.Second)
				closeByProbes(t, b)
				require.Equal(t, 100, times(100, b, succeed))
			})
		})
	}
}

func TestProbesThatSucceedClose(t *testing.T) {
	for _, successes := range []int{1, 3, 10} {
		synctest.Test(t, func(t *testing.T) {
			b := breaker.New(breaker.Options{ProbeSuccesses: successes})
			open(t, b)
			time.Sleep(time.Second)
			for i := range successes {
				require.Equal(t, breaker.Open, b.State(), "after %d", i)
				require.Equal(t, 1, times(1, b, succeed), "after a success the next probe follows at once")
			}
			require.Equal(t, breaker.Closed, b.State())
			require.Zero(t, b.RetryAfter())
			require.Equal(t, 1000, times(1000, b, succeed))
		})
	}
}

func TestOnlySuccessesInARowClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		open(t, b)
		for range 5 {
			time.Sleep(b.RetryAfter())
			require.Equal(t, 2, times(2, b, succeed))
			require.Equal(t, 1, times(1, b, fail))
			require.Equal(t, breaker.Open, b.State())
			require.Equal(t, time.Second, b.RetryAfter())
		}
	})
}

func TestProbesGoOneByOneWhileTheySucceed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{ProbeSuccesses: 5})
		open(t, b)
		time.Sleep(time.Second)
		for range 4 {
			var probes atomic.Int32
			together(64, func(int) {
				_ = b.Do(t.Context(), func(context.Context) error {
					probes.Add(1)
					synctest.Wait() // until all others have asked
					return nil
				})
			})
			require.Equal(t, int32(1), probes.Load())
		}
		require.Equal(t, breaker.Open, b.State())
	})
}

func TestSilenceCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		open(t, b)
		time.Sleep(11 * time.Second) // the probe is due after one; then a window
		require.Equal(t, breaker.Open, b.State())
		time.Sleep(time.Nanosecond)
		require.Equal(t, breaker.Closed, b.State())
		require.Equal(t, 5, times(5, b, fail), "and all is forgotten")
		require.Equal(t, 100, times(100, b, succeed))
	})
}

func TestFirstCallAfterSilenceCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		open(t, b)
		time.Sleep(time.Hour)
		require.Equal(t, 100, times(100, b, succeed))
		require.Equal(t, breaker.Closed, b.State())
	})
}

func TestRecoveryLeavesTheProbeIntervalAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{Protection: -1, Confidence: -1})
		b.Force(breaker.Open)
		time.Sleep(time.Second)
		closeByProbes(t, b)

		// Throttled to nearly nothing, the breaker still lets one call per second
		// through for sure, and hardly any by chance.
		for i, permit := range allowed(t, b, 10_000) {
			permit.Done([]weir.Outcome{weir.Failure, weir.Success}[i%5000/4999])
		}
		require.Equal(t, breaker.Throttling, b.State())
		admitted := 0
		for range 500 {
			time.Sleep(10 * time.Millisecond)
			admitted += times(1, b, func(context.Context) error { return context.Canceled })
		}
		require.Less(t, admitted, 20)
		require.GreaterOrEqual(t, admitted, 4)
	})
}
