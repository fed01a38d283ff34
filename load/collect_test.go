package load_test

import (
	"context"
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

// Each returns a weak pointer to a shedder that it has used and dropped. What it
// leaves behind are settled permits, forgotten ones, and pooled memory.
var dropped = map[string]func(t *testing.T) weak.Pointer[load.Shedder]{
	"unused": func(*testing.T) weak.Pointer[load.Shedder] {
		return weak.Make(load.New(load.Options{}))
	},
	"used": func(t *testing.T) weak.Pointer[load.Shedder] {
		s := blind(load.Options{InitialLimit: 100})
		for range 100 {
			var permits []weir.Permit
			for range 100 {
				p, _ := s.Allow(context.Background())
				permits = append(permits, p)
			}
			leave(weir.Success, permits...)
		}
		return weak.Make(s)
	},
	"with forgotten permits": func(t *testing.T) weak.Pointer[load.Shedder] {
		s := blind(load.Options{InitialLimit: 100})
		enter(t, s, 100)
		return weak.Make(s)
	},
	"with a context that knows it": func(t *testing.T) weak.Pointer[load.Shedder] {
		s := blind(load.Options{})
		p, err := s.Allow(context.WithValue(context.Background(), shedderKey{}, s))
		require.NoError(t, err)
		p.Done(weir.Failure)
		return weak.Make(s)
	},
	"with a signal that knows it": func(t *testing.T) weak.Pointer[load.Shedder] {
		var s *load.Shedder
		s = blind(load.Options{Signals: []load.Signal{{Name: "itself", Read: func() (float64, error) {
			return float64(s.Stats().InFlight) / 1e9, nil
		}}}})
		leave(weir.Success, enter(t, s, 3)...)
		return weak.Make(s)
	},
	"with a queue": func(t *testing.T) weak.Pointer[load.Shedder] {
		s := blind(load.Options{InitialLimit: 1, MaxQueue: 4})
		held := enter(t, s, 1)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = s.Allow(ctx)
		}()
		cancel()
		<-done
		leave(weir.Success, held...)
		return weak.Make(s)
	},
}

type shedderKey struct{}

func TestDroppedShedderIsCollected(t *testing.T) {
	for name, use := range dropped {
		t.Run(name, func(t *testing.T) {
			pointer := use(t)
			untilCollected(t, func() bool { return pointer.Value() == nil })
		})
	}
}

func TestSettledPermitsKeepNoShedderAlive(t *testing.T) {
	var settled []weir.Permit
	pointer := func() weak.Pointer[load.Shedder] {
		s := blind(load.Options{})
		settled = enter(t, s, 3)
		leave(weir.Success, settled...)
		return weak.Make(s)
	}()
	untilCollected(t, func() bool { return pointer.Value() == nil })
	leave(weir.Success, settled...)
}

func TestPermitWorksWhenNobodyElseKnowsTheShedder(t *testing.T) {
	var held []weir.Permit
	pointer := func() weak.Pointer[load.Shedder] {
		s := blind(load.Options{})
		held = enter(t, s, 3)
		return weak.Make(s)
	}()
	runtime.GC()
	runtime.GC()
	require.Equal(t, 3, pointer.Value().Stats().InFlight)
	leave(weir.Success, held...)
	untilCollected(t, func() bool { return pointer.Value() == nil })
}

// A call's context may hold much. It must not live on in the pool.
func TestSettledPermitKeepsNoContextAlive(t *testing.T) {
	s := blind(load.Options{})
	var settled weir.Permit
	pointer := func() weak.Pointer[[1 << 20]byte] {
		big := new([1 << 20]byte)
		var err error
		settled, err = s.Allow(context.WithValue(context.Background(), shedderKey{}, big))
		require.NoError(t, err)
		settled.Done(weir.Success)
		return weak.Make(big)
	}()
	untilCollected(t, func() bool { return pointer.Value() == nil })
	settled.Done(weir.Success)
	require.Zero(t, s.Stats().InFlight)
}
