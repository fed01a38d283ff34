package limit

import "time"

const (
	day = 24 * time.Hour
	// monday is the local time, from the beginning of 1970 on, at which all
	// calendar periods once began: Monday, 29 December 1969.
	monday = -3 * day
	// zonesReach is more than any zone is ahead of UTC.
	zonesReach = 16 * time.Hour
)

// A span is from start to end, which it does not include, in nanoseconds since
// 1970 by a clock on the wall.
type span struct{ start, end int64 }

// every returns the span of so many nanoseconds that now is in; one began at
// origin.
func every(length, origin, now int64) span {
	into := (now - origin) % length
	if into < 0 {
		into += length
	}
	return span{now - into, now - into + length}
}

// local returns what a clock in the zone of t shows, as if it showed UTC.
func local(t time.Time) int64 {
	_, offset := t.Zone()
	return t.UnixNano() + int64(offset)*int64(time.Second)
}

// calendar returns the span of a period in a time zone. The end of a period is
// when clocks there first show its end or a later time; when they are set back,
// it is not undone. So periods follow one another without gaps or overlaps.
func calendar(period time.Duration, zone *time.Location, at time.Time) span {
	shown := every(int64(period), int64(monday), latest(at.In(zone)))
	return span{firstShown(shown.start, zone), firstShown(shown.end, zone)}
}

// latest returns the latest time that a clock in the zone of t has ever shown.
func latest(t time.Time) int64 {
	shown := local(t)
	if changed, _ := t.ZoneBounds(); !changed.IsZero() && t.Sub(changed) < 2*day {
		shown = max(shown, local(changed.Add(-1))) // perhaps it was set back then
	}
	return shown
}

// firstShown returns when clocks in the zone first show that time or a later one.
func firstShown(shown int64, zone *time.Location) int64 {
	t := time.Unix(0, shown-int64(zonesReach)).In(zone)
	for {
		at := time.Unix(0, t.UnixNano()+shown-local(t))
		from, to := t.ZoneBounds()
		switch {
		case !to.IsZero() && !at.Before(to):
			t = to // not yet while this offset holds
		case !from.IsZero() && at.Before(from):
			return from.UnixNano() // clocks skip that time
		default:
			return at.UnixNano()
		}
	}
}
