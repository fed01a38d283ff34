package mr

import (
	"context"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

// FoldSlice makes one value of many items, on several goroutines. Each worker begins
// with the zero A, and gives fold its items one by one with what it has so far, to get
// what it has then; merge joins what two workers have. The result must not depend
// on which worker has which items, nor on their order, for that is different each time:
// it is a sum, a histogram, an extreme.
//
// It is for work that takes nanoseconds, where even to keep a result per item would
// cost as much as the work: an item takes a call of fold and little more. Items
// are shared out as by [ForEachSlice]. What fold returns along with an error is
// dropped. merge is called by the caller's goroutine, and never if there is one worker
// or none.
func FoldSlice[T, A any](
	ctx context.Context,
	items []T,
	fold func(ctx context.Context, so A, item T) (A, error),
	merge func(a, b A) A,
	o Options,
) (A, error) {
	workers := o.workers()
	mustHave(fold != nil, "fold")
	mustHave(merge != nil, "merge")
	var all A
	if ctx.Err() != nil {
		return all, ctxerr.Err(ctx)
	}
	r := newRun(ctx, o)
	parts := make([]part[A], min(len(items), workers))
	runChunks(r, len(items), workers, func(h *hand, from, to int) (done int, err error) {
		p := &parts[h.number]
		p.used = true
		p.value, done, err = foldOf(r, p.value, items[from:to], fold)
		return done, err
	})
	if r.err != nil {
		return all, r.verdict()
	}
	return merged(parts, merge), r.verdict()
}

func merged[A any](parts []part[A], merge func(a, b A) A) (all A) {
	defer func() {
		if v := recover(); v != nil {
			panic(weir.CaughtPanic(v))
		}
	}()
	found := false
	for i := range parts {
		switch {
		case !parts[i].used:
		case !found:
			all, found = parts[i].value, true
		default:
			all = merge(all, parts[i].value)
		}
	}
	return all
}

// A part is what one worker has.
type part[A any] struct {
	value A
	used  bool
	_     [64]byte // parts do not share cache lines
}

// foldOf is eachOf with a value that is handed on.
func foldOf[T, A any](r *run, so A, items []T, fold func(context.Context, A, T) (A, error)) (A, int, error) {
	for i, item := range items {
		next, err := fold(r.ctx, so, item)
		if err != nil {
			return so, i, err
		}
		so = next
		if r.look.Load() {
			return so, i + 1, nil
		}
	}
	return so, len(items), nil
}
