package limit

import (
	"context"
	"sync/atomic"
	"time"
)

// PeriodOptions configures a [Period].
type PeriodOptions struct {
	// Name tells this limiter apart in metrics, and its keys from those of other
	// limiters in the same Store: see [TokenOptions].
	Name string
	// Quota is how many events are allowed per Period. There are no defaults.
	Quota  int
	Period time.Duration // 1 ns to 100 years

	// Align is the time zone by whose calendar periods begin: Period is a number
	// of days, which begin at midnight and are counted from a Monday, so that 7
	// of them are a week; or it divides a day, as hours do. By default, periods
	// are counted from the beginning of 1970, UTC.
	//
	// A period ends when the clocks of the zone first show its end or a later
	// time. So on the days on which they are changed, a day has 23 or 25 hours; an
	// hour that they skip is no period, and one that they show twice is one period
	// of two hours. If they are set back in the midst of hours, by however much,
	// the period that ran goes on until they have made up for it.
	Align *time.Location
	// Sliding allows no more than Quota in any span of time as long as Period,
	// not only in fixed ones, at whose edge twice the Quota may meet. A place
	// comes free at most a sixteenth of Period late. It excludes Align.
	Sliding bool

	// Store keeps the state. The default is a [Memory] of its own, which keeps up
	// to 1,048,576 keys. All further options are for stores that are no Memory,
	// and those of [TokenOptions].
	Store      Store
	Timeout    time.Duration
	Fallback   Fallback
	Replicas   int
	OnDegraded func(degraded bool, err error)
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o PeriodOptions) Validate() error {
	if err := o.window().Validate(); err != nil {
		return err
	}
	return validateShared(o.Store, o.Fallback, o.Replicas)
}

func (o PeriodOptions) window() Window { return Window{o.Quota, o.Period, o.Align, o.Sliding} }

// Period allows a quota of events per key and period: 1000 a day, as contracts
// say it. All of the quota may come at once, and again when the next period
// begins; use [Token] to spread events evenly.
//
// It is made by [NewPeriod]; the zero value does not work. It is safe for
// concurrent use and must not be copied. Periods follow the clock of the Store; in
// this process, the one on the wall. If that is set back, the period that ran goes
// on until its end, unless it was set back by more than a period. A decision in
// this process allocates nothing for a known key, and takes some 130 ns; see
// [Memory] for what a key takes. There is no goroutine and nothing to close.
type Period struct {
	opts   PeriodOptions
	window Window
	span   atomic.Pointer[span] // the latest, for it takes long to find with Align
	backend
}

// NewPeriod returns a limiter. It panics if o is impossible; see Validate.
func NewPeriod(o PeriodOptions) *Period {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	p := &Period{opts: o, window: o.window()}
	p.init(o.Name, doorOptions{o.Store, o.Timeout, o.Fallback, o.Replicas, o.OnDegraded, o.Period})
	return p
}

// Take decides about one event. It returns an error only for an impossible key
// ([ErrKey]) and once ctx is done; a refusal is a Decision.
func (p *Period) Take(ctx context.Context, key string) (Decision, error) {
	return p.TakeN(ctx, key, 1)
}

// TakeN is [Period.Take] for n events: all or none. More than Quota are refused
// with a negative RetryAfter. Where n is 0 they are allowed, and nothing is taken;
// where it is negative, the error is [ErrCost].
func (p *Period) TakeN(ctx context.Context, key string, n int) (Decision, error) {
	if err := check(ctx, key, n); err != nil {
		return Decision{}, err
	}
	if n == 0 {
		return forNothing(p.take(ctx, key, 0))
	}
	return p.take(ctx, key, n)
}

// Peek decides as [Period.Take] would, but takes nothing.
func (p *Period) Peek(ctx context.Context, key string) (Decision, error) {
	if err := check(ctx, key, 0); err != nil {
		return Decision{}, err
	}
	return p.take(ctx, key, 0)
}

func (p *Period) take(ctx context.Context, key string, n int) (Decision, error) {
	if p.door == nil {
		now := time.Now()
		taken := p.view.takeWindow(key, n, &p.window, p.spanAt(now), now.UnixNano())
		return decisionOf(taken, false), nil
	}
	taken, degraded, err := p.door.window(ctx, key, n, p.window)
	return p.counted(n, taken, degraded, err)
}

func (p *Period) spanAt(now time.Time) span {
	if p.window.Align == nil {
		return p.window.span(now)
	}
	ns := now.UnixNano()
	if s := p.span.Load(); s != nil && s.start <= ns && ns < s.end {
		return *s
	}
	s := p.window.span(now)
	p.span.Store(&s)
	return s
}
