package executors

import (
	"context"
	"time"

	"github.com/weirgo/weir"
)

// BulkOptions are the options of a [Bulk]. Handle must be set.
type BulkOptions[T any] struct {
	// Name tells this executor apart in metrics.
	Name string

	// Handle is called with each batch, which has 1 to Size items in the order of
	// Add, on a goroutine of the executor. The slice is used again once Handle has
	// returned (see KeepBatches). Its context is done once Close gives up.
	//
	// An error, a panic (as a [*weir.Panic]) and runtime.Goexit (as [ErrGoexit]) all
	// fail the batch: it is tried again as Retry says, and then goes to OnError.
	Handle func(ctx context.Context, batch []T) error

	// Size is how many items make a batch. 0 means 1000.
	Size int

	// Interval is the longest that an item waits for its batch to fill. 0 means a
	// second; negative means for as long as it takes: then there are full batches, and
	// those of Flush and Close, and nothing else. While all workers are busy, a batch
	// waits for one of them, and goes on filling.
	Interval time.Duration

	// MaxPending is how many items may be accepted and not settled, those in Handle
	// included. Beyond that Add waits. 0 means 10 x Size for each worker.
	MaxPending int

	// Workers is how many batches may be with Handle at a time. 0 means 1: then
	// batches come one after the other, in the order of Add, each once the one before
	// is settled. With more there is no order between batches.
	Workers int

	// FailFast has Add return [ErrFull] where it would wait.
	FailFast bool

	// KeepBatches has Handle own its slices: none is used again.
	KeepBatches bool

	// Retry says how often to try a batch that fails. A worker keeps its batch
	// meanwhile. The default is once.
	Retry Retry

	// OnError, if set, is called once with each batch that is given up, on a goroutine
	// of the executor, and owns the slice. err is what the last try failed with; of a
	// batch that Close gave up untried it satisfies errors.Is with [ErrClosed]. Calls
	// may overlap where Workers is more than 1, and once Close gives up. A panic in
	// OnError is logged.
	//
	// Without it, Stats counts the items, and a panic of Handle is logged through
	// [log/slog.Default].
	OnError func(batch []T, err error)
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o BulkOptions[T]) Validate() error {
	switch {
	case o.Handle == nil:
		return errHandle
	case o.Size < 0:
		return errSize
	}
	return o.settings().validate()
}

func (o BulkOptions[T]) settings() settings {
	return settings{o.Name, o.Size, o.Interval, o.MaxPending, o.Workers, o.FailFast, o.Retry}
}

// A Bulk gathers items and has them handled by so many at a time, or after so long.
//
// It is made by [NewBulk]; the zero value does not work. It must not be copied. All
// methods are safe for concurrent use, and Handle and OnError may call them. At rest
// there is no goroutine, so one that is no longer used need not be closed: what was
// added is handled once Interval is over.
//
// Add takes one short lock and allocates nothing, but slices when they grow for the
// first time.
type Bulk[T any] struct{ e *engine[T, []T] }

// NewBulk returns an idle executor. It panics if o is impossible; see Validate.
func NewBulk[T any](o BulkOptions[T]) *Bulk[T] {
	must(o.Validate())
	return &Bulk[T]{newEngine(o.settings().withDefaults(defaultSize),
		&sliceBox[T]{keep: o.KeepBatches}, o.Handle, o.OnError)}
}

// Add hands over v. While as much is pending as may be, it waits, first come, first
// served, until ctx is done. It returns the error of ctx, with its cause, [ErrClosed],
// or, with FailFast, [ErrFull]; then v was not accepted. Once it has returned nil, v is
// settled exactly once: handled, or given to OnError. ctx is for the waiting only.
//
// Inside Handle and OnError of this executor Add does not wait, as it might do so for
// ever: it returns ErrFull. With Handle's context that is so everywhere.
func (b *Bulk[T]) Add(ctx context.Context, v T) error { return b.e.add(ctx, v, 1) }

// Flush has everything handled whose Add has returned, without waiting for batches to
// fill, and returns once it is settled, or with the error of ctx, and its cause; then
// the work goes on. Batches in retry are waited for. What is added meanwhile may be
// covered or not. It returns [ErrInHandler] from inside Handle and OnError.
func (b *Bulk[T]) Flush(ctx context.Context) error { return b.e.flush(ctx) }

// Close refuses further items, also of those that wait in Add, has everything else
// handled like Flush, and returns once it is settled and no goroutine is left.
//
// When ctx is done before that, Close gives up: there are no retries any more, the
// context of Handle is done, and what Handle has not begun goes to OnError instead.
// Close waits for those calls, which therefore must not wait for it, but not for
// Handle. It then returns an [*UnsettledError].
//
// Closing several times, also at once, is no harm: each call waits. From inside Handle
// and OnError it waits for nothing and returns [ErrInHandler]; all else is as above.
func (b *Bulk[T]) Close(ctx context.Context) error { return b.e.close(ctx) }

// Stats returns a snapshot, all of one moment.
func (b *Bulk[T]) Stats() Stats { return b.e.stats() }

// Metrics implements [weir.Source].
func (b *Bulk[T]) Metrics(yield func(weir.Metric) bool) { b.e.metrics(yield) }
