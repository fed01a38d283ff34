package threading

import (
	"context"
	"errors"
	"time"

	"github.com/weirgo/weir"
)

// A stint is the life of a worker on one goroutine. If the job or a hook calls
// Goexit there, the worker may go on in another one.
type stint struct {
	g        *WorkerGroup
	ctx      context.Context // the jobs', for as long as this goroutine lives
	me       uint64
	pause    time.Duration // before the next run
	began    time.Time     // the present run
	running  bool          // or ended, and not yet settled
	returned bool          // the run did, rather than panic or exit
	again    bool          // there is to be another run
	failed   error         // what became of the last run
}

func (g *WorkerGroup) work(ctx context.Context, pause time.Duration, failed error) {
	s := stint{g: g, ctx: ctx, me: goroutine(), pause: pause, failed: failed, again: true}
	g.join(s.me)
	returned := false
	defer func() {
		if !returned {
			s.handOver()
		}
	}()
	for s.again {
		s.once()
	}
	returned = true
}

// once waits, runs the job and settles what becomes of it.
func (s *stint) once() {
	if !rest(s.ctx, s.pause) {
		s.again = false
		s.g.retire(s.me, s.failed)
		return
	}
	s.began, s.running, s.returned = time.Now(), true, false
	s.end(s.run())
}

// end settles the run even if the hook calls Goexit.
func (s *stint) end(err error) {
	defer s.settle(err)
	s.g.tellEnd(err)
}

func (s *stint) settle(err error) {
	g := s.g
	s.running, s.failed = false, err
	if s.ctx.Err() == nil && g.restarts(s.returned) {
		s.pause = g.pauseAfter(s.pause, time.Since(s.began))
		return
	}
	s.again = false
	if s.returned && s.ctx.Err() != nil && (errors.Is(err, s.ctx.Err()) || errors.Is(err, context.Cause(s.ctx))) {
		err = nil // it was told to end, and says so
	}
	g.retire(s.me, err)
}

// handOver is called as the goroutine ends by Goexit.
func (s *stint) handOver() {
	defer func() { // the hook may call Goexit again
		if s.again {
			s.g.leave(s.me)
			go s.g.work(s.ctx, s.pause, s.failed)
		}
	}()
	if s.running {
		s.end(ErrGoexit)
	}
}

// rest reports whether pause has passed before ctx was done.
func rest(ctx context.Context, pause time.Duration) bool {
	if pause == 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// run runs the job once, and makes an error of its panic. It does not return if
// the job calls Goexit.
func (s *stint) run() (err error) {
	g := s.g
	g.count(func(c *workerCounts) { c.started++ })
	defer func() {
		if v := recover(); v != nil {
			p := weir.CaughtPanic(v)
			g.count(func(c *workerCounts) { c.panicked++ })
			report(g.opts.OnPanic, inJob, p)
			err = p
		}
	}()
	err = g.opts.Job(s.ctx)
	s.returned = true
	return err
}

const inJob = "threading: panic in a job"

func (g *WorkerGroup) tellEnd(err error) {
	if g.opts.OnEnd == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			report(g.opts.OnPanic, "threading: panic in OnEnd", weir.CaughtPanic(v))
		}
	}()
	g.opts.OnEnd(err)
}

func (g *WorkerGroup) restarts(returned bool) bool {
	switch g.opts.Restart {
	case RestartAlways:
		return true
	case RestartOnPanic:
		return !returned
	}
	return false
}

func (g *WorkerGroup) pauseAfter(pause, ran time.Duration) time.Duration {
	if pause == 0 || ran >= g.opts.MaxBackoff {
		return g.opts.Backoff
	}
	return min(2*pause, g.opts.MaxBackoff)
}

func (g *WorkerGroup) join(me uint64) {
	g.mu.Lock()
	g.members[me] = struct{}{}
	g.mu.Unlock()
}

func (g *WorkerGroup) leave(me uint64) {
	g.mu.Lock()
	delete(g.members, me)
	g.mu.Unlock()
}

// retire ends a worker for good.
func (g *WorkerGroup) retire(me uint64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.members, me)
	g.live--
	if err != nil {
		g.errs = append(g.errs, err)
	}
	if g.live == 0 {
		g.cancel(nil) // nothing that hangs on the context is leaked
	}
	g.roundLocked()
	g.changedLocked()
}

func (g *WorkerGroup) count(change func(*workerCounts)) {
	g.mu.Lock()
	change(&g.counts)
	g.mu.Unlock()
}
