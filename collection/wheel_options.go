package collection

import (
	"errors"
	"time"

	"github.com/weirgo/weir"
)

const (
	defaultTick    = 10 * time.Millisecond
	minTick        = time.Microsecond
	defaultWorkers = 128
)

var (
	// ErrKey says that a key cannot be found again, because it is not equal to
	// itself: it is a NaN, or has one in it.
	ErrKey = errors.New("collection: a key must be equal to itself")

	errOnFire = errors.New("collection: WheelOptions.OnFire must be set")
	errTick   = errors.New("collection: a tick must be at least 1µs")
)

// WheelOptions configures a [TimingWheel].
type WheelOptions[K comparable, V any] struct {
	// Name tells this wheel apart in metrics.
	Name string
	// Tick is how exact the wheel is: what becomes due during a tick fires at its
	// end. The default is 10 ms; the least is a microsecond. It costs nothing
	// while nothing fires.
	Tick time.Duration
	// OnFire is called with a key and its value when the delay has passed, by a
	// goroutine that does nothing else. There is no default. It may take its time
	// and may call the wheel; the key is no longer pending by then.
	OnFire func(K, V)
	// Workers is how many calls of OnFire may run at a time; what is due beyond
	// that waits for one of them to return, in the order of ticks. The default is
	// 128; negative is no limit. With 1 they run one after another.
	Workers int
	// OnPanic is called when OnFire has panicked, on the same goroutine, before it
	// goes on. Without it, the panic is logged through [slog.Default].
	OnPanic func(*weir.Panic)
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o WheelOptions[K, V]) Validate() error {
	if o.OnFire == nil {
		return errOnFire
	}
	return validateTick(o.Tick)
}

func validateTick(tick time.Duration) error {
	if tick != 0 && tick < minTick {
		return errTick
	}
	return nil
}

// drivenBy completes what both kinds of options have in common.
func drivenBy[T any](o clockworkOptions[T], tick time.Duration) clockworkOptions[T] {
	if tick == 0 {
		tick = defaultTick
	}
	o.tick = uint64(tick)
	switch {
	case o.workers == 0:
		o.workers = defaultWorkers
	case o.workers < 0:
		o.workers = 1<<31 - 1
	}
	return o
}
