package mr

import (
	"context"
	"iter"

	"github.com/weirgo/weir/internal/ctxerr"
)

// MapReduce calls mapper for each item of source, on several goroutines, and
// reducer with all that the mappers yield. It returns what the reducer returns.
//
// The source runs in a goroutine of its own, the reducer in that of the caller.
// Nothing waits for others of its kind: where a worker is free, an item is begun;
// where the reducer waits, it gets a result. Results come in no order. If the
// reducer is slow, mappers wait in yield, and the source for the mappers, some
// hundred items ahead of them at most.
//
// The first of these ends the run: ctx is done, a mapper or the reducer returns an
// error (see Options.CollectErrors for mappers), the reducer returns a value though
// there may be more results, a function panics. Then the source is stopped, the
// context of mappers and reducer is done, the results end, and yield does nothing.
// MapReduce returns as soon as the mappers that run have returned. If ctx is done
// when the reducer returns, the error is that of ctx, with its cause.
//
// The reducer is called once, also if there are no items. The results are for one
// goroutine at a time; who ranges over them again goes on where the last loop
// stopped. With collected errors, its value is returned beside them.
//
// A mapper may yield any number of values, from any goroutine, before it returns.
// Later than that, the reducer gets the value as long as other mappers run, and
// then yield panics.
func MapReduce[T, U, V any](
	ctx context.Context,
	source iter.Seq[T],
	mapper func(ctx context.Context, item T, yield func(U)) error,
	reducer func(ctx context.Context, results iter.Seq[U]) (V, error),
	o Options,
) (value V, err error) {
	workers := o.workers()
	mustHave(source != nil, "source")
	mustHave(mapper != nil, "mapper")
	mustHave(reducer != nil, "reducer")
	if ctx.Err() != nil {
		return value, ctxerr.Err(ctx)
	}
	r := newRun(ctx, o)
	out := newOutlet[U](r)
	c := newCrew(r, workers, func(b *box[U], _ int, item T) error {
		return mapper(r.ctx, item, b.yield)
	})
	connect(c, out)
	returned, counts := false, false
	defer func() {
		c.finish()
		if err = r.verdict(); !counts {
			var none V
			value = none
		}
	}()
	defer func() {
		if !returned {
			r.unfinished(recover()) // whose hook may call Goexit
		}
	}()
	c.start(source)
	value, err = reducer(r.ctx, out.all)
	counts, returned = r.conclude(err), true
	return value, err
}

// connect puts the outlet where the crew's results go.
func connect[T, U any](c *crew[T, box[U]], out *outlet[U]) {
	c.open = func(b *box[U]) { b.open(out) }
	c.last = func() {
		c.eachStateLocked((*box[U]).seal)
		out.close()
	}
	c.run.wake = func() {
		c.wake()
		c.mu.Lock()
		c.eachStateLocked((*box[U]).wake)
		c.mu.Unlock()
		out.wake()
	}
}
