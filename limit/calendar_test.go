package limit_test

import (
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func TestCalendarPeriodsWhereClocksAreChanged(t *testing.T) {
	const hour, day, week = time.Hour, 24 * time.Hour, 7 * 24 * time.Hour
	for _, c := range []struct {
		why, zone  string
		period     time.Duration
		at         string // UTC
		start, end string // as clocks there show it
		long       time.Duration
	}{
		{"a usual day", "Europe/Berlin", day, "2026-01-15T12:00:00Z", "2026-01-15T00:00:00+01:00", "2026-01-16T00:00:00+01:00", day},
		{"23 hours", "Europe/Berlin", day, "2026-03-29T12:00:00Z", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 23 * hour},
		{"25 hours", "Europe/Berlin", day, "2026-10-25T12:00:00Z", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 25 * hour},
		{"23 hours", "America/New_York", day, "2026-03-08T12:00:00Z", "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00", 23 * hour},
		{"25 hours", "America/New_York", day, "2026-11-01T12:00:00Z", "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", 25 * hour},
		{"half an hour less", "Australia/Lord_Howe", day, "2026-10-03T20:00:00Z", "2026-10-04T00:00:00+10:30", "2026-10-05T00:00:00+11:00", 23*hour + 30*time.Minute},
		{"half an hour more", "Australia/Lord_Howe", day, "2026-04-04T20:00:00Z", "2026-04-05T00:00:00+11:00", "2026-04-06T00:00:00+10:30", 24*hour + 30*time.Minute},
		{"a week begins on Monday", "Europe/Berlin", week, "2026-03-29T12:00:00Z", "2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 167 * hour},

		{"the hour before one is skipped", "Europe/Berlin", hour, "2026-03-29T00:59:59Z", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", hour},
		{"the hour after it", "Europe/Berlin", hour, "2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00", hour},
		{"an hour shown twice, first", "Europe/Berlin", hour, "2026-10-25T00:30:00Z", "2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00", 2 * hour},
		{"an hour shown twice, again", "Europe/Berlin", hour, "2026-10-25T01:30:00Z", "2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00", 2 * hour},
		{"an hour shown twice", "America/New_York", hour, "2026-11-01T06:59:59Z", "2026-11-01T01:00:00-04:00", "2026-11-01T02:00:00-05:00", 2 * hour},
		{"half an hour is skipped", "Australia/Lord_Howe", hour, "2026-10-03T15:40:00Z", "2026-10-04T02:30:00+11:00", "2026-10-04T03:00:00+11:00", hour / 2},
		{"half an hour shown twice", "Australia/Lord_Howe", hour, "2026-04-04T15:20:00Z", "2026-04-05T01:00:00+11:00", "2026-04-05T02:00:00+10:30", 90 * time.Minute},
		{"a quarter goes on while its hour is shown again", "Europe/Berlin", hour / 4, "2026-10-25T01:10:00Z", "2026-10-25T02:45:00+02:00", "2026-10-25T03:00:00+01:00", 75 * time.Minute},

		{"midnight is skipped", "Africa/Cairo", day, "2024-04-26T12:00:00Z", "2024-04-26T01:00:00+03:00", "2024-04-27T00:00:00+03:00", 23 * hour},
		{"midnight is shown twice", "America/Havana", day, "2025-11-02T12:00:00Z", "2025-11-02T00:00:00-04:00", "2025-11-03T00:00:00-05:00", 25 * hour},
		{"yesterday returns for a minute less than an hour", "America/St_Johns", day, "2010-11-07T02:45:00Z", "2010-11-07T00:00:00-02:30", "2010-11-08T00:00:00-03:30", 25 * hour},
		{"a day is skipped", "Pacific/Apia", day, "2011-12-30T09:59:59Z", "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00", day},
		{"offsets need not be hours", "Asia/Kathmandu", 6 * hour, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00+05:45", "2026-01-01T06:00:00+05:45", 6 * hour},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		w := limit.Window{Quota: 1, Period: c.period, Align: zone(t, c.zone)}
		start, end := w.Bounds(at)
		require.Equal(t, c.start, start.Format(time.RFC3339), "%s: %s", c.zone, c.why)
		require.Equal(t, c.end, end.Format(time.RFC3339), "%s: %s", c.zone, c.why)
		require.Equal(t, c.long, end.Sub(start), "%s: %s", c.zone, c.why)
	}
}

// checkBounds checks that windows follow one another without gaps, and that a
// clock shows the beginning of a period when one begins, unless it skipped it.
func checkBounds(t *testing.T, w limit.Window, at time.Time) {
	start, end := w.Bounds(at)
	require.False(t, start.After(at), "%v", at)
	require.True(t, end.After(at), "%v", at)
	for _, inside := range []time.Time{start, end.Add(-1), start.Add(end.Sub(start) / 2)} {
		s, e := w.Bounds(inside)
		require.True(t, s.Equal(start) && e.Equal(end), "%v: %v to %v, not %v to %v", inside, s, e, start, end)
	}
	next, _ := w.Bounds(end)
	require.True(t, next.Equal(end), "%v", at)
	if w.Align == nil {
		return
	}
	shown := time.Duration(start.Hour())*time.Hour + time.Duration(start.Minute())*time.Minute +
		time.Duration(start.Second())*time.Second + time.Duration(start.Nanosecond())
	changed, _ := start.ZoneBounds()
	if !changed.Equal(start) {
		require.Zero(t, shown%min(w.Period, 24*time.Hour), "%v", start)
		if w.Period == 7*24*time.Hour {
			require.Equal(t, time.Monday, start.Weekday())
		}
	}
}

var zones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "America/Havana", "Asia/Beirut",
	"Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "America/Sao_Paulo", "Antarctica/Troll", "Pacific/Kiritimati",
}

var alignable = []time.Duration{
	time.Minute, 15 * time.Minute, time.Hour, 8 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour, 365 * 24 * time.Hour,
}

func TestCalendarPeriodsAreWithoutGapsInAllZones(t *testing.T) {
	for _, name := range zones {
		z := zone(t, name)
		for _, period := range alignable {
			w := limit.Window{Quota: 1, Period: period, Align: z}
			at := time.Date(2008, 1, 1, 0, 0, 0, 0, z)
			for changes := 0; changes < 20; changes++ {
				for _, near := range []time.Duration{-2 * time.Hour, -time.Minute, -1, 0, 1, 20 * time.Minute, 50 * time.Minute, 90 * time.Minute, day} {
					checkBounds(t, w, at.Add(near))
				}
				if _, at = at.ZoneBounds(); at.IsZero() {
					break
				}
			}
		}
	}
}

const day = 24 * time.Hour

func FuzzWindowsAreWithoutGaps(f *testing.F) {
	f.Add(int64(1_800_000_000_000_000_000), int64(time.Hour), 1, 2)
	f.Add(int64(-1), int64(7), 0, 0)
	f.Fuzz(func(t *testing.T, at, period int64, inZone, aligned int) {
		const farthest = int64(1) << 62 // 1823 to 2116
		if at > farthest || at < -farthest || inZone < 0 || aligned < 0 {
			return
		}
		w := limit.Window{Quota: 1, Period: alignable[aligned%len(alignable)], Align: zone(t, zones[inZone%len(zones)])}
		checkBounds(t, w, time.Unix(0, at))
		if w = (limit.Window{Quota: 1, Period: time.Duration(period)}); w.Validate() == nil {
			checkBounds(t, w, time.Unix(0, at))
			w.Sliding = true
			checkBounds(t, w, time.Unix(0, at))
		}
	})
}

func TestAnAlignedPeriodLimitFollowsTheCalendar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at midnight of 1 January 2000, UTC
		berlin := zone(t, "Europe/Berlin")
		p := limit.NewPeriod(limit.PeriodOptions{Quota: 1, Period: day, Align: berlin})
		count := 0
		for range 366 * 24 { // of that leap year, hour by hour
			d := decide(t, p.Take, "user")
			if d.Allowed {
				count++
				require.True(t, time.Now().In(berlin).Hour() == 0 || count == 1)
			} else {
				then := time.Now().Add(d.RetryAfter).In(berlin)
				require.Equal(t, "00:00:00", then.Format(time.TimeOnly))
			}
			time.Sleep(time.Hour)
		}
		require.Equal(t, 367, count, "each day of the year, and an hour of the next")
	})
}
