package mr

import (
	"context"
	"sync"

	"github.com/weirgo/weir/internal/ctxerr"
)

// Finish calls all fns at the same time, the last one in the caller's goroutine,
// and returns when all have returned. The first error ends the context of the
// others, and is what Finish returns; if ctx is done by then, that is the error of
// ctx, with its cause. If ctx is done at the start, none is called.
//
// All run at once, however many they are. To run a few at a time, take
// [ForEachSlice].
func Finish(ctx context.Context, fns ...func(context.Context) error) (err error) {
	for _, fn := range fns {
		mustHave(fn != nil, "a function")
	}
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	if len(fns) == 0 {
		return nil
	}
	f := &fan{}
	f.run.init(ctx, Options{})
	defer func() {
		f.finish()
		err = f.run.verdict()
	}()
	rest, last := fns[:len(fns)-1], fns[len(fns)-1]
	f.others.Add(len(rest))
	for _, fn := range rest {
		go f.goCall(fn)
	}
	f.call(last)
	return nil
}

// FinishVoid calls all fns at the same time, the last one in the caller's
// goroutine, and returns when all have returned. It has no context, as its
// functions take none and cannot fail.
func FinishVoid(fns ...func()) {
	for _, fn := range fns {
		mustHave(fn != nil, "a function")
	}
	if len(fns) == 0 {
		return
	}
	f := &fan{}
	f.run.parent, f.run.cancel = context.Background(), func(error) {}
	defer f.finish()
	rest, last := fns[:len(fns)-1], fns[len(fns)-1]
	f.others.Add(len(rest))
	for _, fn := range rest {
		go f.goCall(withoutContext(fn))
	}
	f.call(withoutContext(last))
}

// A fan calls some functions at the same time.
type fan struct {
	run    run
	others sync.WaitGroup // all but the caller
}

func (f *fan) goCall(fn func(context.Context) error) {
	defer f.others.Done()
	f.call(fn)
}

func (f *fan) call(fn func(context.Context) error) {
	returned := false
	defer func() {
		if !returned {
			f.run.unfinished(recover())
		}
	}()
	if err := fn(f.run.ctx); err != nil {
		f.run.fail(0, err)
	}
	returned = true
}

// finish waits for the others. It does not return if the caller is to panic or to
// exit.
func (f *fan) finish() {
	f.others.Wait()
	f.run.unwatched()
	f.run.raise()
}

func withoutContext(fn func()) func(context.Context) error {
	return func(context.Context) error {
		fn()
		return nil
	}
}
