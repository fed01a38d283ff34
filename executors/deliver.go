package executors

import (
	"errors"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/panics"
)

// deliver does with j what is to be done, until nothing but to settle it is left.
func (e *engine[T, B]) deliver(j *job[B]) {
	for {
		switch j.stage {
		case trying:
			e.try(j)
		case judging:
			e.judge(j)
		case pausing:
			e.pause(j)
		case reporting:
			e.report(j)
		case over:
			e.wipe(j)
			return
		}
	}
}

func (e *engine[T, B]) try(j *job[B]) {
	j.err = e.call(j)
	if j.err == nil {
		j.stage = over
		return
	}
	j.stage = judging
}

func (e *engine[T, B]) call(j *job[B]) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = weir.CaughtPanic(v)
		}
	}()
	return e.handle(e.ctx, j.batch)
}

// judge decides whether to try a batch again that has failed. If what is left is given
// up, the pause ends at once, and with it that.
func (e *engine[T, B]) judge(j *job[B]) {
	e.mu.Lock()
	e.handling--
	e.mu.Unlock()
	j.tries++
	var again bool
	j.wait, again, j.err = e.retry.again(j.tries, j.err)
	j.stage = reporting
	if again {
		j.stage = pausing
	}
}

// pause waits until a batch is to be tried again, or is given up meanwhile.
func (e *engine[T, B]) pause(j *job[B]) {
	t := time.NewTimer(j.wait)
	select {
	case <-t.C:
	case <-e.ctx.Done():
		t.Stop()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.leftover != nil {
		j.stage = reporting
		return
	}
	e.handling++
	e.counts.retries++
	j.stage = trying
}

// report brings a batch that is given up to OnError. Without that, at least a panic is
// not lost.
func (e *engine[T, B]) report(j *job[B]) {
	defer func() {
		if v := recover(); v != nil {
			p := weir.CaughtPanic(v)
			panics.Log("executors: panic in OnError", p.Value, p.Stack)
			j.stage = over
		}
	}()
	if e.onError != nil {
		e.onError(j.batch, j.err)
	} else if p, ok := panicOf(j.err); ok {
		panics.Log("executors: panic in a handler", p.Value, p.Stack)
	}
	j.stage = over
}

// panicOf returns the panic of a handler, or of Retry.If. The error of a batch that was
// left over may have another in it, with which somebody has cancelled a context.
func panicOf(err error) (*weir.Panic, bool) {
	if _, left := errors.AsType[*leftoverError](err); left {
		return nil, false
	}
	return errors.AsType[*weir.Panic](err)
}

// wipe lets go of the items. A batch that failed belongs to OnError.
func (e *engine[T, B]) wipe(j *job[B]) {
	if j.err == nil {
		j.batch = e.box.wipe(j.batch)
		return
	}
	var none B
	j.batch = none
}
