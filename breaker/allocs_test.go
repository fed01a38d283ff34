package breaker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

// allocates returns what fn allocates once it has been called before.
func allocates(fn func()) float64 { return testing.AllocsPerRun(1000, fn) }

func TestCallsAllocateNothing(t *testing.T) {
	ctx := context.Background()
	identity := func(err error) error { return err }
	cancelled := func(context.Context) error { return context.Canceled }
	panics := func(context.Context) error { panic(errDown) }
	for name, fn := range map[string]func(b *breaker.Breaker){
		"success":               func(b *breaker.Breaker) { _ = b.Do(ctx, succeed) },
		"failure":               func(b *breaker.Breaker) { _ = b.Do(ctx, fail) },
		"cancelled":             func(b *breaker.Breaker) { _ = b.Do(ctx, cancelled) },
		"success with fallback": func(b *breaker.Breaker) { _ = b.DoFallback(ctx, succeed, identity) },
		"panic": func(b *breaker.Breaker) {
			defer func() { _ = recover() }()
			_ = b.Do(ctx, panics)
		},
		"State":      func(b *breaker.Breaker) { _ = b.State() },
		"RetryAfter": func(b *breaker.Breaker) { _ = b.RetryAfter() },
	} {
		require.Zero(t, allocates(func() { fn(lenientOnce) }), name)
	}
}

var lenientOnce = lenient()

func TestSlowCallsAllocateNothing(t *testing.T) {
	b := breaker.New(breaker.Options{TripAfter: -1, Protection: 1 << 30, SlowCall: 1})
	require.Zero(t, allocates(func() {
		_ = b.Do(context.Background(), func(context.Context) error {
			for began := time.Now(); time.Since(began) < 100; {
			}
			return nil
		})
	}))
	require.Zero(t, b.Stats().Accepted)
}

func TestRefusalsAllocateNothing(t *testing.T) {
	ctx := context.Background()
	done, cancel := context.WithCancel(ctx)
	cancel()
	opened := breaker.New(breaker.Options{ProbeInterval: time.Hour})
	opened.Force(breaker.Open)
	forced := breaker.New(breaker.Options{})
	forced.Force(breaker.ForcedOpen)
	throttled := breaker.New(breaker.Options{TripAfter: -1, ProbeInterval: time.Hour, Window: time.Hour})
	_ = times(100_000, throttled, fail)
	require.Equal(t, breaker.Throttling, throttled.State())

	for name, b := range map[string]*breaker.Breaker{"open": opened, "forced open": forced, "throttling": throttled} {
		before := b.Stats().Refused
		require.Zero(t, allocates(func() { _ = b.Do(ctx, succeed) }), name)
		require.Zero(t, allocates(func() { _ = weir.Do(ctx, b, succeed) }), name)
		require.Zero(t, allocates(func() { _, _ = b.Allow(ctx) }), name)
		require.Zero(t, allocates(func() { _ = b.DoFallback(ctx, succeed, func(error) error { return nil }) }), name)
		require.Zero(t, allocates(func() { _ = b.Do(done, succeed) }), name)
		require.Greater(t, b.Stats().Refused, before+3000, name)
	}
}

type route struct {
	host string
	port int
}

func TestKnownKeysAllocateNothing(t *testing.T) {
	names := breaker.NewGroup[string](breaker.GroupOptions{})
	numbers := breaker.NewGroup[int](breaker.GroupOptions{})
	routes := breaker.NewGroup[route](breaker.GroupOptions{})
	require.Zero(t, allocates(func() { names.Get("db") }))
	require.Zero(t, allocates(func() { numbers.Get(4711) }))
	require.Zero(t, allocates(func() { routes.Get(route{"db", 5432}) }))
	require.Zero(t, allocates(func() { _ = names.Get("db").Do(context.Background(), succeed) }))
}
