package cache

import (
	"errors"
	"time"

	"github.com/weirgo/weir"
)

// Options configures a [Cache]. Every field that is zero has the default that its
// comment names; the zero value is a good cache for a million small values.
type Options[K comparable, V any] struct {
	// Name tells this cache apart in metrics.
	Name string

	// MaxEntries is how many values there is room for, and for as many keys known
	// not to be found, apart from them. The default is a million; negative means
	// no bound of values but the TTL. While many are written at once, some hundred
	// more may be held for a moment.
	MaxEntries int

	// MaxWeight, if set, bounds the sum of what Weigh returns for the values,
	// instead of their number. Weigh is called once for each value that is to be
	// stored, without locks, by the goroutine that stores it; less than 1 counts
	// as 1. A value that weighs more than MaxWeight is not kept.
	MaxWeight uint64
	Weigh     func(K, V) uint32

	// TTL is how long a value lives. The default is 7 days. It cannot be turned
	// off: nothing lives for ever.
	TTL time.Duration
	// Jitter spreads the TTL of each value evenly over TTL * (1 - Jitter) to
	// TTL * (1 + Jitter), so that what is stored together is not loaded together
	// ever after. Where in it a key lies differs from cache to cache. The default is 0.05; negative means none. It must be less than
	// 1. It applies to TTL alone: SetTTL and the fields below are exact.
	Jitter float64

	// NotFoundTTL is for how long Take remembers that there is no value. The
	// default is a minute; negative means not at all.
	NotFoundTTL time.Duration
	// IsNotFound tells Take which errors of a load mean that there is no value.
	// They are in any case those that wrap [ErrNotFound] and those with a method
	// NotFound() bool that returns true; IsNotFound adds to them.
	IsNotFound func(error) bool

	// RefreshAfter, if set, makes Take load a value anew in the background once it
	// is that old, and return the old one meanwhile, so that keys in use never
	// expire under their users. There is one refresh per key at a time; if it
	// fails, the next is tried a tenth of RefreshAfter later. It must be shorter
	// than the shortest life that TTL and Jitter allow.
	RefreshAfter time.Duration

	// StaleOnError, if set, keeps values for so much longer than their TTL. Get
	// does not return them any more, and Take loads anew; but if the load fails,
	// Take returns the old value and no error.
	StaleOnError time.Duration

	// OnPanic is called with the panic of a load that nobody waits for: one of a
	// refresh, on its goroutine, or one that all callers have left. Without it,
	// such a panic is logged once through slog.Default.
	OnPanic func(*weir.Panic)
}

const defaultMaxEntries = 1_000_000

// never is 73 years. The sum of two, on a clock that starts with the cache, does
// not overflow.
const never = time.Duration(1 << 61)

// Validate returns what makes the options impossible, nil if nothing does.
func (o Options[K, V]) Validate() error {
	o = o.withDefaults()
	switch {
	case o.MaxWeight > 0 && o.Weigh == nil:
		return errors.New("cache: Options.MaxWeight needs Weigh")
	case o.MaxWeight == 0 && o.Weigh != nil:
		return errors.New("cache: Options.Weigh needs MaxWeight")
	case o.MaxWeight > 0 && o.MaxEntries != 0:
		return errors.New("cache: Options.MaxEntries and MaxWeight exclude each other")
	case o.TTL < 0:
		return errors.New("cache: Options.TTL must not be negative: nothing lives for ever")
	case !(o.Jitter < 1): // written so that NaN fails
		return errors.New("cache: Options.Jitter must be less than 1")
	case o.RefreshAfter < 0:
		return errors.New("cache: Options.RefreshAfter must not be negative")
	case o.RefreshAfter > 0 && o.RefreshAfter >= scale(o.TTL, 1-o.Jitter):
		return errors.New("cache: Options.RefreshAfter must be shorter than TTL, less its Jitter")
	case o.StaleOnError < 0:
		return errors.New("cache: Options.StaleOnError must not be negative")
	}
	return nil
}

func (o Options[K, V]) withDefaults() Options[K, V] {
	if o.MaxEntries == 0 && o.MaxWeight == 0 && o.Weigh == nil {
		o.MaxEntries = defaultMaxEntries
	}
	o.TTL = min(orDefault(o.TTL, 7*24*time.Hour), never)
	if o.Jitter = orDefault(o.Jitter, 0.05); o.Jitter < 0 {
		o.Jitter = 0
	}
	o.NotFoundTTL = min(orDefault(o.NotFoundTTL, time.Minute), never)
	o.StaleOnError = min(o.StaleOnError, never)
	return o
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// scale multiplies a duration that is not negative. It returns never at most, and
// no less than a nanosecond.
func scale(d time.Duration, by float64) time.Duration {
	if by == 1 {
		return d // whatever a float can hold
	}
	product := float64(d) * by
	if product >= float64(never) {
		return never
	}
	return max(1, time.Duration(product))
}
