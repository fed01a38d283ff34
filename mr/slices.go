package mr

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

// ForEachSlice is [ForEach] for items that are there already. It needs no goroutine
// for a source and no queue, and that of the caller is one of the workers.
//
// A worker takes one item after another; of those that take nanoseconds, up to 128
// in a row. An item may wait for earlier ones, but not for later ones.
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
	runChunks(r, len(items), workers, func(from, to int) {
		ctx := r.ctx
		for i, item := range items[from:to] {
			if err := fn(ctx, item); err != nil {
				r.fail(from+i, err)
			}
			if r.stopped.Load() {
				return
			}
		}
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
	runChunks(r, len(items), workers, func(from, to int) {
		ctx, results := r.ctx, all[from:to]
		for i, item := range items[from:to] {
			u, err := fn(ctx, item)
			if err == nil {
				results[i] = u
			} else {
				r.fail(from+i, err)
			}
			if r.stopped.Load() {
				return
			}
		}
	})
	if r.err != nil {
		return nil, r.verdict()
	}
	return all, r.verdict()
}

// maxChunk is how many items of a slice are done in a row at most.
const maxChunk = 128

// chunks share out the numbers from 0 to n among workers.
type chunks struct {
	run     *run
	do      func(from, to int)
	n       int64
	max     int64 // workers
	started atomic.Int64
	_       [64]byte
	next    atomic.Int64 // the first number that nobody has claimed
	_       [64]byte
	running sync.WaitGroup // all workers but the caller
}

func runChunks(r *run, n, workers int, do func(from, to int)) {
	s := &chunks{run: r, do: do, n: int64(n), max: int64(min(n, workers))}
	r.watch()
	defer func() {
		s.running.Wait()
		r.conclude(nil)
		r.unwatched()
		r.raise()
	}()
	s.started.Store(1)
	s.work()
}

func (s *chunks) work() {
	returned := false
	defer func() {
		if !returned {
			s.run.unfinished(recover())
		}
	}()
	s.shareOut()
	returned = true
}

// shareOut does one chunk after another. Who begins first sees to it that there is
// one more worker as long as there is more to do.
func (s *chunks) shareOut() {
	epoch, size, alone := time.Now(), 1, true
	var began time.Duration
	for !s.run.stopped.Load() && s.run.parent.Err() == nil {
		to := s.next.Add(int64(size))
		from := to - int64(size)
		if from >= s.n {
			return
		}
		if alone && to < s.n {
			alone = false
			s.startOne()
		}
		s.do(int(from), int(min(to, s.n)))
		ended := time.Since(epoch)
		size = resize(size, maxChunk, ended-began)
		began = ended
	}
}

func (s *chunks) startOne() {
	if s.started.Add(1) > s.max {
		return
	}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		s.work()
	}()
}
