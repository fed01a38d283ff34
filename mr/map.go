package mr

import (
	"context"
	"iter"

	"github.com/weirgo/weir/internal/ctxerr"
)

// Map calls fn for each item of source, on several goroutines, and returns the
// results in the order of the items. It ends early as [ForEach] does, and then
// returns no results. With collected errors, it returns all results, zero where fn
// has failed.
func Map[T, U any](
	ctx context.Context,
	source iter.Seq[T],
	fn func(ctx context.Context, item T) (U, error),
	o Options,
) ([]U, error) {
	workers := o.workers()
	mustHave(source != nil, "source")
	mustHave(fn != nil, "fn")
	if ctx.Err() != nil {
		return nil, ctxerr.Err(ctx)
	}
	r := newRun(ctx, o)
	c := newCrew(r, workers, func(p *parts[U], i int, item T) error {
		u, err := fn(r.ctx, item)
		if err == nil {
			p.add(i, u)
		}
		return err
	})
	c.drive(source)
	if r.err != nil {
		return nil, r.verdict()
	}
	return assemble(c), r.verdict()
}

// parts are the results of one worker. What it has claimed in one go lies together.
type parts[U any] struct {
	values []U
	runs   []stretch
}

// A stretch says where so many values belong that lie one after another.
type stretch struct{ at, n int }

func (p *parts[U]) add(at int, u U) {
	p.values = append(p.values, u)
	if k := len(p.runs) - 1; k >= 0 && p.runs[k].at+p.runs[k].n == at {
		p.runs[k].n++
		return
	}
	p.runs = append(p.runs, stretch{at, 1})
}

// assemble puts the parts of all workers in order. The crew has ended.
func assemble[T, U any](c *crew[T, parts[U]]) []U {
	all := make([]U, c.queue.tail.Load())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.eachStateLocked(func(p *parts[U]) {
		values := p.values
		for _, s := range p.runs {
			copy(all[s.at:], values[:s.n])
			values = values[s.n:]
		}
	})
	return all
}
