package limit

import "time"

// A Window is a quota of events per period of time; [PeriodOptions] says more of
// its fields. It is for authors and users of a [Store].
type Window struct {
	Quota   int            // events per period, at least 1
	Period  time.Duration  // 1 ns to 100 years
	Align   *time.Location // begin periods by the clocks of this zone; nil: of UTC
	Sliding bool           // count in any span of one period, not in fixed ones
}

const (
	maxPeriod = 100 * 365 * day
	// parts is how many parts a sliding window moves on by.
	parts = 16
)

// Validate returns what makes the window impossible, nil if nothing does.
func (w Window) Validate() error {
	switch {
	case w.Quota < 1:
		return errQuota
	case w.Period < 1 || w.Period > maxPeriod:
		return errPeriod
	case w.Align != nil && w.Sliding:
		return errSliding
	case w.Align != nil && w.Period%day != 0 && day%w.Period != 0:
		return errAlign
	}
	return nil
}

// Bounds returns when the period that at is in began, and when the next one
// begins; for a sliding window, the same of the sixteenth of a period by which it
// moves on. It panics if the window is impossible; see Validate. With Align it
// takes a microsecond or two, else some nanoseconds.
func (w Window) Bounds(at time.Time) (start, end time.Time) {
	if err := w.Validate(); err != nil {
		panic(err.Error())
	}
	zone := time.UTC
	if w.Align != nil {
		zone = w.Align
	}
	s := w.span(at)
	return time.Unix(0, s.start).In(zone), time.Unix(0, s.end).In(zone)
}

func (w *Window) span(at time.Time) span {
	switch {
	case w.Align != nil:
		return calendar(w.Period, w.Align, at)
	case w.Sliding:
		return every(w.part(), 0, at.UnixNano())
	}
	return every(int64(w.Period), 0, at.UnixNano())
}

// part returns how many nanoseconds a sliding window moves on by.
func (w *Window) part() int64 { return int64((w.Period + parts - 1) / parts) }
