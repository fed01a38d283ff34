package breaker_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

const (
	anHour = time.Hour
	ever   = time.Duration(math.MaxInt64)
)

var nan, inf = math.NaN(), math.Inf(1)

func TestImpossibleOptionsAreRefused(t *testing.T) {
	for message, impossible := range map[string][]breaker.Options{
		"breaker: Options.Buckets must be 2 to 4096": {
			{Buckets: 1}, {Buckets: -1}, {Buckets: 4097}, {Buckets: math.MaxInt}, {Buckets: math.MinInt},
		},
		"breaker: Options.Window must be at least a millisecond per bucket": {
			{Window: -1}, {Window: 1}, {Window: 39 * time.Millisecond}, {Window: -ever}, {Window: -anHour},
			{Window: 4095 * time.Millisecond, Buckets: 4096},
		},
		"breaker: Options.K and MinK must be at least 1, and K at least MinK": {
			{K: 0.99}, {K: -1}, {K: nan}, {K: inf}, {K: -inf}, {MinK: nan}, {MinK: 0.5}, {MinK: -1}, {MinK: inf},
			{K: 1.2, MinK: 1.3}, {MinK: 1.6},
		},
		"breaker: Options.Confidence must be a number": {{Confidence: nan}, {Confidence: inf}},
		"breaker: Options.Recovery must be positive":   {{Recovery: -1}, {Recovery: math.MinInt}},
		"breaker: Options.TripOdds must be above 0, and 1 at most": {
			{TripOdds: -1e-9}, {TripOdds: 1.01}, {TripOdds: nan}, {TripOdds: inf}, {TripOdds: -inf},
		},
		"breaker: Options.ProbeInterval must be at least a millisecond, and MaxProbeInterval no less": {
			{ProbeInterval: -1}, {ProbeInterval: time.Millisecond - 1}, {MaxProbeInterval: -1},
			{MaxProbeInterval: time.Millisecond}, {ProbeInterval: time.Second, MaxProbeInterval: time.Second - 1},
		},
		"breaker: Options.ProbeSuccesses must be positive": {{ProbeSuccesses: -1}, {ProbeSuccesses: math.MinInt}},
		"breaker: Options.SlowCall must not be negative":   {{SlowCall: -1}, {SlowCall: -ever}},
	} {
		for _, o := range impossible {
			require.EqualError(t, o.Validate(), message, "%+v", o)
			require.PanicsWithValue(t, message, func() { breaker.New(o) })
			g := breaker.GroupOptions{Options: o}
			require.EqualError(t, g.Validate(), message)
			require.PanicsWithValue(t, message, func() { breaker.NewGroup[string](g) })
		}
	}
}

func TestStrangeButPossibleOptionsWork(t *testing.T) {
	for _, o := range []breaker.Options{
		{},
		{Buckets: 2}, {Buckets: 4096}, {Buckets: 4096, Window: 4096 * time.Millisecond},
		{Window: 40 * time.Millisecond}, {Window: 10 * 365 * 24 * time.Hour}, {Window: ever},
		{K: 1}, {K: 1, MinK: 1}, {K: 1.05}, {K: 1e9}, {K: 2, MinK: 2}, {K: math.Nextafter(1, 2)},
		{Confidence: -1}, {Confidence: -inf}, {Confidence: 1e9},
		{Protection: -1}, {Protection: math.MaxInt}, {Protection: math.MinInt},
		{Recovery: 1}, {Recovery: math.MaxInt},
		{TripAfter: 1}, {TripAfter: -1}, {TripAfter: math.MaxInt}, {TripAfter: math.MinInt},
		{TripDelay: -1}, {TripDelay: ever}, {TripDelay: 1},
		{TripOdds: 1}, {TripOdds: math.SmallestNonzeroFloat64},
		{ProbeInterval: time.Millisecond}, {ProbeInterval: anHour},
		{ProbeInterval: time.Millisecond, MaxProbeInterval: time.Millisecond},
		{ProbeSuccesses: math.MaxInt}, {SlowCall: 1}, {SlowCall: ever},
	} {
		require.NoError(t, o.Validate(), "%+v", o)
		synctest.Test(t, func(t *testing.T) {
			b := breaker.New(o)
			for range 300 {
				_ = times(2, b, fail)
				_ = times(2, b, after(time.Microsecond, nil))
				_ = times(4, b, fail)
				time.Sleep(3 * time.Millisecond)
				st := b.Stats()
				require.GreaterOrEqual(t, st.DropRatio, 0.0)
				require.LessOrEqual(t, st.DropRatio, 1.0)
			}
			b.Force(breaker.Closed)
			require.Equal(t, breaker.Closed, b.State())
			require.Equal(t, 1, times(1, b, succeed))
		})
	}
}

// An interval that nobody lives to see the end of is no interval of less than zero.
func TestEndlessProbeIntervalsDoNotOverflow(t *testing.T) {
	for _, interval := range []time.Duration{ever, ever - 1, ever / 2, ever / 3 * 2, 100 * 365 * 24 * time.Hour} {
		o := breaker.Options{ProbeInterval: interval}
		require.NoError(t, o.Validate())
		synctest.Test(t, func(t *testing.T) {
			b := breaker.New(o)
			time.Sleep(time.Hour)
			b.Force(breaker.Open)
			for range 10 {
				time.Sleep(time.Hour)
				require.Zero(t, times(10, b, fail), "%v", interval)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{ProbeInterval: time.Second, MaxProbeInterval: ever})
		b.Force(breaker.Open)
		for last := time.Duration(0); last < ever/16; {
			wait := b.RetryAfter()
			require.GreaterOrEqual(t, wait, last)
			last = wait
			time.Sleep(wait)
			require.Equal(t, 1, times(5, b, fail))
		}
	})
}

func TestGroupOptionsAreValidated(t *testing.T) {
	const message = "breaker: GroupOptions.MaxKeys must not be negative"
	for _, maxKeys := range []int{-1, math.MinInt} {
		o := breaker.GroupOptions{MaxKeys: maxKeys}
		require.EqualError(t, o.Validate(), message)
		require.PanicsWithValue(t, message, func() { breaker.NewGroup[int](o) })
	}
	require.NoError(t, breaker.GroupOptions{MaxKeys: math.MaxInt, IdleAfter: ever}.Validate())
	require.NoError(t, breaker.GroupOptions{IdleAfter: -ever}.Validate())
}

func TestValidateChangesNothing(t *testing.T) {
	var o breaker.Options
	require.NoError(t, o.Validate())
	require.Zero(t, o.K)
	require.Nil(t, o.Classify)
	require.Equal(t, "db", breaker.New(breaker.Options{Name: "db"}).Name())
}

func TestNilFuncsPanicAndCountForNothing(t *testing.T) {
	b := breaker.New(breaker.Options{})
	for _, state := range []breaker.State{breaker.Closed, breaker.ForcedOpen} {
		b.Force(state)
		require.PanicsWithValue(t, "breaker: Do with a nil func", func() { _ = b.Do(t.Context(), nil) })
		require.PanicsWithValue(t, "breaker: DoFallback with a nil func", func() { _ = b.DoFallback(t.Context(), nil, func(err error) error { return err }) })
		require.PanicsWithValue(t, "breaker: DoFallback with a nil func", func() { _ = b.DoFallback(t.Context(), succeed, nil) })
		require.PanicsWithValue(t, "weir: Do with a nil func", func() { _ = weir.Do(t.Context(), b, nil) })
	}
	b.Force(breaker.Closed)
	require.Equal(t, breaker.Stats{}, b.Stats())
}

func TestFallbackIsForRefusalsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		var refusals []error
		fallback := func(err error) error { refusals = append(refusals, err); return nil }
		require.NoError(t, b.DoFallback(t.Context(), succeed, fallback))
		require.Equal(t, errDown, b.DoFallback(t.Context(), fail, fallback))
		inner := func(context.Context) error { return breaker.ErrOpen }
		require.Equal(t, breaker.ErrOpen, b.DoFallback(t.Context(), inner, fallback), "another breaker's refusal")
		done, cancel := context.WithCancel(t.Context())
		cancel()
		require.Equal(t, context.Canceled, b.DoFallback(done, succeed, fallback))
		require.Empty(t, refusals)

		b.Force(breaker.ForcedOpen)
		require.NoError(t, b.DoFallback(t.Context(), fail, fallback))
		require.Equal(t, context.Canceled, b.DoFallback(done, succeed, fallback))
		require.Equal(t, []error{breaker.ErrOpen}, refusals)
		require.Equal(t, errDown, b.DoFallback(t.Context(), succeed, func(error) error { return errDown }))
		require.PanicsWithValue(t, "fallback", func() {
			_ = b.DoFallback(t.Context(), succeed, func(error) error { panic("fallback") })
		})
		require.Equal(t, uint64(3), b.Stats().Refused)
		require.Equal(t, [3]uint64{1, 1, 1}, outcomes(b), "fallbacks are not judged")

		b.Force(breaker.Closed)
		_ = times(4000, b, fail)
		for i := 0; len(refusals) == 1; i++ {
			require.Less(t, i, 1000)
			_ = b.DoFallback(t.Context(), fail, fallback)
		}
		require.Equal(t, breaker.ErrThrottled, refusals[1])
	})
}

func TestErrorsSayWhoRefused(t *testing.T) {
	require.EqualError(t, breaker.ErrOpen, "breaker: open")
	require.EqualError(t, breaker.ErrThrottled, "breaker: throttling")
	require.NotErrorIs(t, breaker.ErrOpen, breaker.ErrThrottled)
	for _, err := range []error{breaker.ErrOpen, breaker.ErrThrottled} {
		require.ErrorIs(t, err, weir.ErrRejected)
		require.Equal(t, weir.Ignored, weir.Classify(err))
	}
}

func TestRetryAfterIsTheWaitForTheNextProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		require.Zero(t, weir.RetryAfter(b, nil))
		open(t, b)
		require.Equal(t, time.Second, weir.RetryAfter(b, breaker.ErrOpen))
		time.Sleep(300 * time.Millisecond)
		require.Equal(t, 700*time.Millisecond, weir.RetryAfter(b, breaker.ErrOpen))
		time.Sleep(5 * time.Second)
		require.Zero(t, b.RetryAfter(), "due, and never negative")
		for _, state := range []breaker.State{breaker.Closed, breaker.ForcedOpen, breaker.Disabled, breaker.DryRun} {
			b.Force(state)
			require.Zero(t, b.RetryAfter())
		}
	})
}
