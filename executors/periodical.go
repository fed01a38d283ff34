package executors

import (
	"context"
	"math"
	"time"

	"github.com/weirgo/weir"
)

// A Container is where a [Periodical] gathers items: a map that adds them up, an encoder,
// a set. Its methods are never called at the same time, and see what earlier calls did.
// They should be short: others wait in Add, and so does Close, whatever its context.
// They must not call the executor.
type Container[T, B any] interface {
	// Add puts in v, and reports whether that makes the batch full. It is called on the
	// goroutine of the executor's Add. If it panics, so does that, and v counts as not
	// accepted.
	Add(v T) (full bool)
	// Take empties the container and returns what was in it, which the executor does
	// not touch. It is called with at least one item in it. If it panics, OnError gets a
	// zero batch and the panic.
	Take() B
}

// PeriodicalOptions are the options of a [Periodical]. Container and Handle must be set.
// What has no comment is as in [BulkOptions].
type PeriodicalOptions[T, B any] struct {
	Name string

	// Container belongs to the executor from now on.
	Container Container[T, B]

	// Handle is called with what Take returns.
	Handle func(ctx context.Context, batch B) error

	Interval time.Duration

	// MaxPending is how many items may be accepted and not settled. 0 means 10,000 for
	// each worker.
	MaxPending int

	Workers  int
	FailFast bool
	Retry    Retry
	OnError  func(batch B, err error)
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o PeriodicalOptions[T, B]) Validate() error {
	switch {
	case o.Container == nil:
		return errContainer
	case o.Handle == nil:
		return errHandle
	}
	return o.settings().validate()
}

func (o PeriodicalOptions[T, B]) settings() settings {
	return settings{o.Name, 0, o.Interval, o.MaxPending, o.Workers, o.FailFast, o.Retry}
}

// A Periodical gathers items in a container of the user's, and has what is in there
// handled when the container says that it is full, or after so long. In all else it is
// like a [Bulk], if somewhat slower.
//
// It is made by [NewPeriodical]; the zero value does not work. It must not be copied.
type Periodical[T, B any] struct{ e *engine[T, B] }

// NewPeriodical returns an idle executor. It panics if o is impossible; see Validate.
func NewPeriodical[T, B any](o PeriodicalOptions[T, B]) *Periodical[T, B] {
	must(o.Validate())
	s := o.settings().withDefaults(defaultSize)
	s.limit = math.MaxInt // only the container knows
	e := newEngine[T, B](s, foreignBox[T, B]{o.Container}, o.Handle, o.OnError)
	e.turn = make(chan struct{}, 1)
	return &Periodical[T, B]{e}
}

// Add hands over v; see [Bulk.Add].
func (p *Periodical[T, B]) Add(ctx context.Context, v T) error { return p.e.addForeign(ctx, v) }

// Flush has everything handled whose Add has returned; see [Bulk.Flush].
func (p *Periodical[T, B]) Flush(ctx context.Context) error { return p.e.flush(ctx) }

// Close has everything handled and refuses further items; see [Bulk.Close].
func (p *Periodical[T, B]) Close(ctx context.Context) error { return p.e.close(ctx) }

// Stats returns a snapshot, all of one moment.
func (p *Periodical[T, B]) Stats() Stats { return p.e.stats() }

// Metrics implements [weir.Source].
func (p *Periodical[T, B]) Metrics(yield func(weir.Metric) bool) { p.e.metrics(yield) }

// A foreignBox is a container of the user's.
type foreignBox[T, B any] struct{ Container[T, B] }

func (b foreignBox[T, B]) put(v T) bool { return b.Add(v) }
func (b foreignBox[T, B]) take(B) B     { return b.Take() }

func (b foreignBox[T, B]) wipe(B) (none B) { return none }
