package syncx_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/syncx"
)

// stress is how many times longer than usual the races in this package are run:
// WEIR_STRESS, 1 by default.
var stress = func() int {
	n, _ := strconv.Atoi(os.Getenv("WEIR_STRESS"))
	return max(1, n)
}()

// errLoad is a load's own error.
var errLoad = errors.New("nothing there")

// A storm is many callers of few keys with loads of every kind. It counts what
// the loads did, and what the callers got.
type storm struct {
	flights  syncx.SingleFlight[int, int64]
	serial   atomic.Int64 // of the loads
	freshFor sync.Map     // the serials that were fresh to somebody
	calls    sync.WaitGroup
	ended    atomic.Int64 // callers, in whichever way
	reported atomic.Int64
	bad      atomic.Pointer[string]
}

func (s *storm) fault(text string) { s.bad.CompareAndSwap(nil, &text) }

// load takes a moment and then does one of the things that a load may do.
func (s *storm) load(key int, kind uint32) func(context.Context) (int64, error) {
	return func(ctx context.Context) (int64, error) {
		v := s.serial.Add(1)*100 + int64(key)
		for range kind % 64 {
			runtime.Gosched()
		}
		switch kind >> 8 % 16 {
		case 0:
			panic(v)
		case 1:
			runtime.Goexit()
		case 2:
			return v, errLoad
		case 3:
			if _, err := s.flights.Do(ctx, key, nil3); !errors.Is(err, syncx.ErrRecursive) && ctx.Err() == nil {
				// Forget, or the callers' leaving, may have freed the key.
				return v, errLoad
			}
		case 4:
			if ctx.Done() != nil {
				select {
				case <-ctx.Done():
				case <-time.After(time.Millisecond):
				}
			}
		}
		return v, nil
	}
}

func nil3(context.Context) (int64, error) { return -1, errLoad }

func (s *storm) call(rng *rand.Rand) {
	key := rng.IntN(10)
	ctx := context.Background()
	if rng.IntN(4) > 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(rng.IntN(3000))*time.Microsecond)
		defer cancel()
		ctx = limited
	}
	if rng.IntN(50) == 0 {
		s.flights.Forget(key)
	}
	defer func() {
		s.ended.Add(1)
		if p, ok := recover().(*weir.Panic); ok && p.Value.(int64)%100 != int64(key) {
			s.fault("a panic of another key")
		}
	}()
	v, fresh, err := s.flights.DoEx(ctx, key, s.load(key, rng.Uint32()))
	s.check(ctx, key, v, fresh, err)
}

func (s *storm) check(ctx context.Context, key int, v int64, fresh bool, err error) {
	left := err != nil && !errors.Is(err, errLoad)
	switch {
	case left && !errors.Is(err, ctx.Err()):
		s.fault("an error of nobody's: " + err.Error())
	case left && (fresh || v != 0):
		s.fault("a value for one who left")
	case !left && v >= 0 && v%100 != int64(key):
		s.fault("the value of another key")
	}
	if !fresh || left || v < 0 {
		return
	}
	if _, twice := s.freshFor.LoadOrStore(v, true); twice {
		s.fault("fresh for two")
	}
}

func TestSingleFlightStandsAStorm(t *testing.T) {
	const callers = 10_000
	s := &storm{}
	s.flights.OnPanic = func(*weir.Panic) { s.reported.Add(1) }
	calls := 5 * stress
	for i := range callers {
		s.calls.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			for range calls {
				var one sync.WaitGroup
				one.Go(func() { s.call(rng) }) // a Goexit ends it
				one.Wait()
			}
		})
	}
	s.calls.Wait()
	if bad := s.bad.Load(); bad != nil {
		t.Fatal(*bad)
	}
	require.EqualValues(t, callers*calls, s.ended.Load(), "nobody is left behind")
	require.True(t, s.flights.Idle())
	require.Less(t, s.serial.Load(), s.ended.Load(), "some shared")
}

func TestTenThousandCallersShareOneLoad(t *testing.T) {
	var s syncx.SingleFlight[string, int]
	var arrived, wg sync.WaitGroup
	release := make(chan struct{})
	var loads atomic.Int64
	const callers = 10_000
	arrived.Add(callers)
	for i := range callers {
		wg.Go(func() {
			ctx := context.Background()
			if i%2 == 0 {
				ctx = t.Context()
			}
			arrived.Done()
			v, err := s.Do(ctx, "key", func(context.Context) (int, error) {
				loads.Add(1)
				<-release
				return 7, nil
			})
			require.NoError(t, err)
			require.Equal(t, 7, v)
		})
	}
	arrived.Wait()
	for s.Waiting("key") < callers {
		runtime.Gosched()
	}
	close(release)
	wg.Wait()
	require.EqualValues(t, 1, loads.Load())
}
