package mr

import (
	"context"
	"iter"

	"github.com/weirgo/weir/internal/ctxerr"
)

// ForEach calls fn for each item of source, on several goroutines. It returns when
// all have returned.
//
// The first of these ends it early: ctx is done, fn returns an error (see
// Options.CollectErrors), a function panics. Then the source is stopped, the
// context of fn is done, and ForEach returns as soon as the calls that run have
// returned. If ctx is done by then, the error is that of ctx, with its cause: a nil
// error means that all was done.
func ForEach[T any](
	ctx context.Context,
	source iter.Seq[T],
	fn func(ctx context.Context, item T) error,
	o Options,
) error {
	workers := o.workers()
	mustHave(source != nil, "source")
	mustHave(fn != nil, "fn")
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	r := newRun(ctx, o)
	c := newCrew(r, workers, func(_ *struct{}, _ int, item T) error { return fn(r.ctx, item) })
	c.drive(source)
	return r.verdict()
}

// drive runs the crew to its end.
func (c *crew[T, S]) drive(source iter.Seq[T]) {
	c.start(source)
	c.wait()
	c.run.conclude(nil)
	c.finish()
}
