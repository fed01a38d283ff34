package fx

import (
	"context"
	"sync"

	"github.com/weirgo/weir/internal/ctxerr"
)

// A crew is one run of [ParallelMap]: a source, workers, and the goroutine that
// ranges over the results. For an item to be on the way from the source to the
// loop takes one of the tokens. There are so few that neither jobs nor results is
// ever full: only who wants a token has to wait.
type crew[T, U any] struct {
	ctx     context.Context // that f is given; done as soon as the loop is over
	cancel  context.CancelFunc
	f       func(context.Context, T) (U, error)
	ordered bool
	tokens  chan struct{} // those in use
	jobs    chan job[T]
	results chan result[U]
	ledger  ledger

	workers     int
	working     sync.WaitGroup
	sourceEnded chan struct{}
}

// A job is the item with this number, counted from 0.
type job[T any] struct {
	number int
	item   T
}

// A result is what became of the job with this number, or other news.
type result[U any] struct {
	news   news
	number int
	value  U
	err    error
}

type news uint8

const (
	none   news = iota // no result
	made               // f returned value and err
	source             // the source returned; number is how many jobs there are
	broken             // something did not return; the ledger has it
)

func newCrew[T, U any](ctx context.Context, o ParallelOptions, f func(context.Context, T) (U, error)) *crew[T, U] {
	workers := o.workers()
	ahead := 2 * workers
	c := &crew[T, U]{
		f:           f,
		ordered:     !o.Unordered,
		workers:     workers,
		tokens:      make(chan struct{}, ahead),
		jobs:        make(chan job[T], ahead),
		results:     make(chan result[U], ahead+workers+1), // what broke has no token
		sourceEnded: make(chan struct{}),
		ledger:      ledger{onPanic: o.OnPanic, where: "fx: panic in a source that nobody ranges over any more"},
	}
	c.ctx, c.cancel = context.WithCancel(ctx)
	return c
}

// run yields the results. It returns the error of ctx if that is done first.
func (c *crew[T, U]) run(ctx context.Context, s Stream[T], yield func(U, error) bool) (err error) {
	if err := ctxerr.Err(ctx); err != nil {
		c.cancel()
		return err
	}
	go c.load(s)
	for range c.workers {
		c.working.Go(c.worker)
	}
	returns := false
	defer func() {
		c.cancel()
		c.working.Wait()
		withinGrace(c.sourceEnded)
		c.ledger.settle(returns)
	}()
	err = c.deliver(ctx, yield)
	returns = true
	return err
}

// load makes a job of each item.
func (c *crew[T, U]) load(s Stream[T]) {
	n := 0
	finish(func() {
		for v := range s {
			if !c.admit() {
				return
			}
			c.jobs <- job[T]{n, v}
			n++
		}
	}, func(e ending) {
		// Before the news: who gets that, or closes the ledger, finds it.
		c.ledger.note(e)
		close(c.jobs)
		end := result[U]{news: source, number: n}
		if !e.returned() {
			end.news = broken
		}
		c.results <- end
		close(c.sourceEnded)
	})
}

// admit waits for a token. It is false if the loop is over.
func (c *crew[T, U]) admit() bool {
	if c.ctx.Err() != nil { // first, lest chance find a token
		return false
	}
	select {
	case c.tokens <- struct{}{}:
		return true
	case <-c.ctx.Done():
		return false
	}
}

func (c *crew[T, U]) worker() {
	finish(c.work, func(e ending) {
		c.ledger.note(e)
		if !e.returned() {
			c.results <- result[U]{news: broken}
		}
	})
}

// work does jobs until there are none, or nobody wants them done.
func (c *crew[T, U]) work() {
	for {
		select {
		case j, more := <-c.jobs:
			if !more || c.ctx.Err() != nil { // select chose at random
				return
			}
			v, err := c.f(c.ctx, j.item)
			c.results <- result[U]{made, j.number, v, err}
		case <-c.ctx.Done():
			return
		}
	}
}
