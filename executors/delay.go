package executors

import (
	"context"
	"math"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/panics"
)

// DelayOptions are the options of a [Delay]. Do must be set.
type DelayOptions struct {
	// Name tells this executor apart in metrics.
	Name string

	// Do is what is delayed. It never runs twice at the same time. Its context is done
	// once Close gives up.
	Do func(ctx context.Context)

	// Delay is how long after a trigger Do is called. 0 means a second; negative is
	// impossible.
	Delay time.Duration

	// OnPanic is called when Do has panicked, on its goroutine. Without it, the panic
	// is logged once through [log/slog.Default].
	OnPanic func(*weir.Panic)
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o DelayOptions) Validate() error {
	switch {
	case o.Do == nil:
		return errDo
	case o.Delay < 0:
		return errDelay
	}
	return nil
}

// A Delay calls a function some time after it was triggered, once for all triggers of
// that time: to write a file after a flurry of changes, say. The time runs from the
// first of them, so that a flurry without end does not put it off for ever.
//
// It is made by [NewDelay]; the zero value does not work. It must not be copied. All
// methods are safe for concurrent use, and Do may call them. While nothing is delayed
// there is neither a goroutine nor, for long, a timer.
type Delay struct{ e *engine[struct{}, []struct{}] }

// NewDelay returns an idle executor. It panics if o is impossible; see Validate.
func NewDelay(o DelayOptions) *Delay {
	must(o.Validate())
	s := settings{name: o.Name, interval: o.Delay, limit: math.MaxInt, maxPending: math.MaxInt}
	return &Delay{newEngine(s.withDefaults(0), &sliceBox[struct{}]{}, o.do, o.failed)}
}

func (o DelayOptions) do(ctx context.Context, _ []struct{}) error {
	o.Do(ctx)
	return nil
}

func (o DelayOptions) failed(_ []struct{}, err error) {
	p, ok := panicOf(err)
	switch {
	case !ok:
	case o.OnPanic != nil:
		o.OnPanic(p)
	default:
		panics.Log("executors: panic in a delayed function", p.Value, p.Stack)
	}
}

// Trigger has Do called once Delay is over, or as soon as that is over and Do does not
// run any more. It does nothing while Do is going to be called anyway, but if Do has
// begun, it is called once more. It never waits. It returns [ErrClosed] after Close.
func (d *Delay) Trigger() error {
	if d.e.another() {
		return nil
	}
	return d.e.add(context.Background(), struct{}{}, 0)
}

// Flush has Do called now if it is going to be, and returns when all that was triggered
// before is done, or with the error of ctx, and its cause. It returns [ErrInHandler] from
// inside Do.
func (d *Delay) Flush(ctx context.Context) error { return d.e.flush(ctx) }

// Close refuses further triggers, and is like Flush in all else. When ctx is done before
// the end, the context of Do is done as well, a call of Do that has not begun is dropped,
// and an [*UnsettledError], whose items are triggers, says so. Closing several times is no
// harm.
func (d *Delay) Close(ctx context.Context) error { return d.e.close(ctx) }

// Stats returns a snapshot, all of one moment. Items are triggers, and a batch is all
// those for which Do is called once. Handled are those for which it returned.
func (d *Delay) Stats() Stats { return d.e.stats() }

// Metrics implements [weir.Source].
func (d *Delay) Metrics(yield func(weir.Metric) bool) { d.e.metrics(yield) }
