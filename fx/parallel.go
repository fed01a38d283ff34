package fx

import (
	"context"
	"iter"
	"sync"
)

// ParallelMap returns what f makes of the items, of which some are worked on at the
// same time:
//
//	for user, err := range fx.ParallelMap(ctx, ids, fx.ParallelOptions{Workers: 8}, load) {
//		if err != nil {
//			return err // stops the others
//		}
//		...
//	}
//
// Each item gives one pair: what f returns. An error is an item's own and stops
// nothing; to stop, break. If ctx is done before the end, what was not yielded by
// then is dropped, and one more pair comes, of the zero U and the error of ctx.
//
// Nothing starts before the range does. The source runs in a goroutine of its own
// and is at most 2 × Workers + 1 items ahead of the loop. With the end of the loop, by
// whatever means, the context that f is given is cancelled and the running calls of
// f are waited for; the source ends when it next yields, for which the loop waits a
// millisecond at most. If the source or f panics, the rest is stopped and the loop
// panics with the first [*weir.Panic]; if one of them calls [runtime.Goexit], so
// does the loop.
//
// An item costs about a microsecond: this is for calls that take longer than that.
func ParallelMap[T, U any](ctx context.Context, s Stream[T], o ParallelOptions, f func(context.Context, T) (U, error)) iter.Seq2[U, error] {
	if s == nil || f == nil {
		panic("fx: ParallelMap needs a stream and a func")
	}
	must(o.Validate())
	return func(yield func(U, error) bool) {
		if err := newCrew(ctx, o, f).run(ctx, s, yield); err != nil {
			var none U
			yield(none, err)
		}
	}
}

// ParallelFilter is [ParallelMap] for a func that says which items to keep. An
// error comes with the item that it is about.
func ParallelFilter[T any](ctx context.Context, s Stream[T], o ParallelOptions, keep func(context.Context, T) (bool, error)) iter.Seq2[T, error] {
	if s == nil || keep == nil {
		panic("fx: ParallelFilter needs a stream and a func")
	}
	type judged struct {
		item T
		keep bool
	}
	results := ParallelMap(ctx, s, o, func(ctx context.Context, v T) (judged, error) {
		kept, err := keep(ctx, v)
		return judged{v, kept}, err
	})
	return func(yield func(T, error) bool) {
		for j, err := range results {
			if (j.keep || err != nil) && !yield(j.item, err) {
				return
			}
		}
	}
}

// ParallelForEach calls f for each item, for some at the same time, and waits. The
// first error stops the source, cancels the context that f is given, and is
// returned; so is that of ctx. For the rest see [ParallelMap]. Unordered changes
// nothing.
func ParallelForEach[T any](ctx context.Context, s Stream[T], o ParallelOptions, f func(context.Context, T) error) error {
	if s == nil || f == nil {
		panic("fx: ParallelForEach needs a stream and a func")
	}
	must(o.Validate())
	o.Unordered = true // nobody sees in which order nothing comes
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var once sync.Once
	var first error
	results := ParallelMap(ctx, s, o, func(ctx context.Context, v T) (struct{}, error) {
		err := f(ctx, v)
		if err != nil && ctx.Err() == nil {
			once.Do(func() { first = err })
			cancel(err) // here, so that no worker begins another item
		}
		return struct{}{}, err
	})
	var seen error // of several, not always the first
	for _, seen = range results {
		if seen != nil {
			break
		}
	}
	if first != nil { // read when no call runs any more
		return first
	}
	return seen
}
