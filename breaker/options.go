package breaker

import (
	"errors"
	"time"

	"github.com/weirgo/weir"
)

// Options configures a [Breaker]. The zero value is a good breaker at five
// requests a second as well as at fifty thousand; every field that is zero has
// the default that its comment names.
type Options struct {
	// Name tells this breaker apart in metrics and state changes.
	Name string

	// Window is how far back outcomes count, in Buckets steps. The defaults are
	// 10 s and 40. A bucket lasts a millisecond at least.
	Window  time.Duration
	Buckets int

	// K is how many requests the breaker lets through for each one that the
	// dependency accepted: at the default of 1.5 it throttles where fewer than
	// two of three succeed. K falls towards MinK, by default 1.1, the longer
	// nothing but failures comes back. Both are at least 1.
	K, MinK float64

	// Protection is how many requests per window are never throttled. The default
	// is 5; negative means none.
	Protection int

	// Confidence is by how many standard deviations the successes must fall short
	// before the breaker throttles, so that chance alone never makes it. The
	// default is 3; negative means 0, the formula of the book.
	Confidence float64

	// Recovery is after how many buckets in a row with successes and no failure
	// throttling has faded out. The default is half of Buckets.
	Recovery int

	// TripAfter is how many failures in a row open the breaker at the least. The
	// default is 5; negative means that it only ever throttles. The streak must
	// also have lasted for TripDelay, by default one bucket (negative: no delay),
	// and must be one that the error rate of the window before it would produce by
	// chance less than TripOdds times per window, by default 1e-6; the fewer calls
	// a window holds, the rougher that estimate is. A window without outcomes ends
	// the streak.
	TripAfter int
	TripDelay time.Duration
	TripOdds  float64

	// ProbeInterval is how long an open breaker waits before it lets one call
	// through to see. The default is 1 s. Each probe that fails makes the
	// interval twice as long, up to MaxProbeInterval, by default 3 s or
	// ProbeInterval if that is longer. ProbeSuccesses calls that succeed in a
	// row, by default 3, close the breaker.
	ProbeInterval    time.Duration
	MaxProbeInterval time.Duration
	ProbeSuccesses   int

	// SlowCall makes a success that took longer than this a failure. The default
	// is never.
	SlowCall time.Duration

	// Classify tells Do the outcome of an error. The default is [weir.Classify].
	Classify func(error) weir.Outcome

	// OnStateChange is called once for each change of what State returns, on the
	// goroutine whose call brought it about, without locks. Where one change
	// follows another at once, the two calls may overlap; ask State for the latest.
	OnStateChange func(StateChange)
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o Options) Validate() error {
	o = o.withDefaults()
	switch {
	case o.Buckets < 2 || o.Buckets > 4096:
		return errors.New("breaker: Options.Buckets must be 2 to 4096")
	case o.Window/time.Duration(o.Buckets) < time.Millisecond:
		return errors.New("breaker: Options.Window must be at least a millisecond per bucket")
	case !(o.MinK >= 1) || !(o.K >= o.MinK) || o.K > 1e9: // written so that NaN fails
		return errors.New("breaker: Options.K and MinK must be at least 1, and K at least MinK")
	case o.Confidence != o.Confidence || o.Confidence > 1e9:
		return errors.New("breaker: Options.Confidence must be a number")
	case o.Recovery < 1:
		return errors.New("breaker: Options.Recovery must be positive")
	case !(o.TripOdds > 0 && o.TripOdds <= 1):
		return errors.New("breaker: Options.TripOdds must be above 0, and 1 at most")
	case o.ProbeInterval < time.Millisecond || o.MaxProbeInterval < o.ProbeInterval:
		return errors.New("breaker: Options.ProbeInterval must be at least a millisecond, and MaxProbeInterval no less")
	case o.ProbeSuccesses < 1:
		return errors.New("breaker: Options.ProbeSuccesses must be positive")
	case o.SlowCall < 0:
		return errors.New("breaker: Options.SlowCall must not be negative")
	}
	return nil
}

// never is 73 years. What were longer could overflow where it is added to.
const never = time.Duration(1 << 61)

func (o Options) withDefaults() Options {
	o.Window = orDefault(o.Window, 10*time.Second)
	o.Buckets = orDefault(o.Buckets, 40)
	o.K = orDefault(o.K, 1.5)
	o.MinK = orDefault(o.MinK, min(1.1, o.K))
	o.Protection = max(0, orDefault(o.Protection, 5))
	o.Confidence = max(0, orDefault(o.Confidence, 3))
	o.Recovery = orDefault(o.Recovery, max(1, o.Buckets/2))
	o.TripAfter = orDefault(o.TripAfter, 5)
	o.TripDelay = max(0, orDefault(o.TripDelay, o.Window/time.Duration(max(1, o.Buckets))))
	o.TripOdds = orDefault(o.TripOdds, 1e-6)
	o.ProbeInterval = min(orDefault(o.ProbeInterval, time.Second), never)
	o.MaxProbeInterval = min(orDefault(o.MaxProbeInterval, max(3*time.Second, o.ProbeInterval)), never)
	o.ProbeSuccesses = orDefault(o.ProbeSuccesses, 3)
	if o.Classify == nil {
		o.Classify = weir.Classify
	}
	return o
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
