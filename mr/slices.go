package mr

import (
	"context"

	"github.com/weirgo/weir/internal/ctxerr"
)

// ForEachSlice is [ForEach] for items that are there already. It needs no goroutine
// for a source and no queue, and that of the caller is one of the workers.
//
// A worker takes one item after another; of those that take nanoseconds, some
// thousand in a row, and who has nothing to do takes over half of what is left of
// them. Of what a worker has begun together, up to 128, the rest is taken over when the
// item that runs is done. So the whole is late by one item at most. An item may wait
// for earlier ones, but not for later ones.
func ForEachSlice[T any](
	ctx context.Context,
	items []T,
	fn func(ctx context.Context, item T) error,
	o Options,
) error {
	workers := o.workers()
	mustHave(fn != nil, "fn")
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	r := newRun(ctx, o)
	runChunks(r, len(items), workers, func(_ *hand, from, to int) (int, error) {
		return eachOf(r, items[from:to], fn)
	})
	return r.verdict()
}

// MapSlice is [Map] for items that are there already, as [ForEachSlice] is ForEach.
func MapSlice[T, U any](
	ctx context.Context,
	items []T,
	fn func(ctx context.Context, item T) (U, error),
	o Options,
) ([]U, error) {
	workers := o.workers()
	mustHave(fn != nil, "fn")
	if ctx.Err() != nil {
		return nil, ctxerr.Err(ctx)
	}
	r := newRun(ctx, o)
	all := make([]U, len(items))
	runChunks(r, len(items), workers, func(_ *hand, from, to int) (int, error) {
		return mapOf(r, items[from:to], all[from:to], fn)
	})
	if r.err != nil {
		return nil, r.verdict()
	}
	return all, r.verdict()
}

// eachOf calls fn for one item after another, until it fails or there is something to
// look at. It returns how many have succeeded.
func eachOf[T any](r *run, items []T, fn func(context.Context, T) error) (int, error) {
	for i, item := range items {
		if err := fn(r.ctx, item); err != nil {
			return i, err
		}
		if r.look.Load() {
			return i + 1, nil
		}
	}
	return len(items), nil
}

// mapOf is eachOf with results.
func mapOf[T, U any](r *run, items []T, results []U, fn func(context.Context, T) (U, error)) (int, error) {
	results = results[:len(items)]
	for i := range results {
		u, err := fn(r.ctx, items[i])
		if err != nil {
			return i, err
		}
		results[i] = u
		if r.look.Load() {
			return i + 1, nil
		}
	}
	return len(items), nil
}
