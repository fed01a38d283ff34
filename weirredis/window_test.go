package weirredis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata" // zones for machines that have none

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirredis"
)

// windowModel is what limit.Store says of windows.
type windowModel struct {
	events []time.Time // when each happened
}

// counted returns until when each event counts.
func (m *windowModel) counted(w limit.Window, now time.Time) (until []time.Time) {
	for _, at := range m.events {
		_, end := w.Bounds(at)
		if w.Sliding {
			end = end.Add((w.Period + 15) / 16 * 16)
		}
		if end.After(now) {
			until = append(until, end)
		}
	}
	return until
}

func (m *windowModel) take(now time.Time, n int, w limit.Window) limit.Taken {
	until := m.counted(w, now)
	t := limit.Taken{Limit: w.Quota, OK: len(until)+max(1, n) <= w.Quota}
	switch {
	case n > w.Quota:
		t.Wait = -1
	case !t.OK:
		t.Wait = until[len(until)+max(1, n)-w.Quota-1].Sub(now)
	default:
		for range n {
			m.events = append(m.events, now)
		}
		until = m.counted(w, now)
	}
	t.Remaining = w.Quota - len(until)
	if len(until) > 0 {
		t.Reset = until[len(until)-1].Sub(now)
	}
	return t
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func TestWindowsAreExactlyThoseOfTheModel(t *testing.T) {
	s, m, c := embedded(t)
	m.ClockTTL(true)
	checkWindows(t, s, m.SetTime, func(key string, taken limit.Taken) { checkTTL(t, c, key, taken) })
}

// checkWindows compares a store with the model, in random steps.
func checkWindows(t *testing.T, s *weirredis.Store, setTime func(time.Time), taken func(string, limit.Taken)) {
	t.Helper()
	const hour = time.Hour
	windows := []limit.Window{
		{Quota: 5, Period: time.Second},
		{Quota: 100, Period: 7 * time.Minute},
		{Quota: 3, Period: 1000 * 24 * hour},
		{Quota: 5, Period: 16 * time.Millisecond, Sliding: true},
		{Quota: 50, Period: 100 * 24 * hour, Sliding: true},
		{Quota: 2, Period: 16 * time.Microsecond, Sliding: true},
		{Quota: 10, Period: 24 * hour, Align: zone(t, "Europe/Berlin")},
		{Quota: 10, Period: hour, Align: zone(t, "America/New_York")},
		{Quota: 4, Period: 30 * time.Minute, Align: zone(t, "Australia/Lord_Howe")},
		{Quota: 10, Period: 7 * 24 * hour, Align: zone(t, "Asia/Kathmandu")},
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for i, w := range windows {
		if !wide {
			w.Period = min(w.Period, 10*24*hour)
		}
		// Days in which the clocks of one or the other zone change.
		starts := []time.Time{
			time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC),
			time.Date(2026, 3, 8, 4, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC),
			time.Date(2026, 4, 4, 12, 0, 0, 0, time.UTC), time.Date(2026, 10, 3, 12, 0, 0, 0, time.UTC),
			time.Date(2099, 12, 30, 0, 0, 0, 0, time.UTC),
		}
		now := starts[rng.IntN(len(starts))]
		if i >= 6 {
			now = starts[2*(i-6)%6]
		}
		var model windowModel
		for step := range 60 {
			setTime(now)
			n := rng.IntN(w.Quota/2 + 2)
			if rng.IntN(10) == 0 {
				n += w.Quota
			}
			at := fmt.Sprintf("step %d: %d of %+v at %v", step, n, w, now)
			key := fmt.Sprint(i)
			want := model.take(now, n, w)
			got, err := s.TakeWindow(context.Background(), key, n, w)
			require.NoError(t, err, at)
			require.Equal(t, want, got, at)
			if n > 0 && got.OK {
				taken("weir:{"+key+"}:w", got)
			}
			now = now.Add(time.Duration(rng.Int64N(int64(w.Period)/4) + 1000).Truncate(time.Microsecond))
			if got.Wait > 0 && rng.IntN(2) == 0 {
				now = now.Add(got.Wait)
			}
		}
	}
}
