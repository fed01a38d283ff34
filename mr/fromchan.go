package mr

import (
	"context"
	"iter"
)

// FromChan is a source of what is received from ch. It ends when ch is closed or
// ctx is done. An item that was received when the run ends is lost to it: where
// that must not be, let the channel end instead.
//
// A source that waits for a channel ends with its context only, which may be later
// than the run. Where the run can end early, give both a context of their own:
//
//	ctx, cancel := context.WithCancel(ctx)
//	defer cancel()
//	err := mr.ForEach(ctx, mr.FromChan(ctx, jobs), do, mr.Options{})
func FromChan[T any](ctx context.Context, ch <-chan T) iter.Seq[T] {
	mustHave(ch != nil, "the channel")
	return func(yield func(T) bool) {
		for ctx.Err() == nil {
			select {
			case item, ok := <-ch:
				if !ok || !yield(item) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}
