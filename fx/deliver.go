package fx

import (
	"context"

	"github.com/weirgo/weir/internal/ctxerr"
)

// deliver yields results until there are no more, nobody wants more, something
// broke, or ctx is done: then it returns the error of ctx.
func (c *crew[T, U]) deliver(ctx context.Context, yield func(U, error) bool) error {
	early := make([]result[U], cap(c.tokens)) // by number; no two on the way share a place
	total := -1                               // not known yet
	for out := 0; out != total; {
		r, err := c.next(ctx)
		if err != nil {
			return err
		}
		switch r.news {
		case broken:
			return nil
		case source:
			total = r.number
			continue
		}
		if !c.ordered {
			r.number = out // it is its turn
		}
		early[r.number%len(early)] = r
		for {
			place := &early[out%len(early)]
			if place.news == none {
				break
			}
			r, *place = *place, result[U]{}
			out++
			<-c.tokens
			if err := ctxerr.Err(ctx); err != nil {
				return err
			}
			if !yield(r.value, r.err) {
				return nil
			}
		}
	}
	return nil
}

// next waits for a result, or the end of ctx.
func (c *crew[T, U]) next(ctx context.Context) (r result[U], err error) {
	select {
	case r = <-c.results:
	case <-ctx.Done():
		err = ctxerr.Err(ctx)
	}
	return r, err
}
