package fx

import (
	"runtime"
	"sync"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/panics"
)

// An ending is how a call of user code came to its end. The zero one returned.
type ending struct {
	panicked *weir.Panic
	exited   bool // by runtime.Goexit
}

func (e ending) returned() bool { return e == ending{} }

// raise does to the caller what the call did.
func (e ending) raise() {
	if e.panicked != nil {
		panic(e.panicked)
	}
	if e.exited {
		runtime.Goexit()
	}
}

// finish calls fn, then ended with how that came to its end. It does not return if
// fn calls Goexit.
func finish(fn func(), ended func(ending)) {
	e := ending{exited: true} // what it is if fn neither returns nor panics
	defer func() {
		if e.exited {
			if v := recover(); v != nil {
				e = ending{panicked: weir.CaughtPanic(v)}
			}
		}
		ended(e)
	}()
	fn()
	e.exited = false
}

// A ledger takes down the first call that did not return, for the one who waits.
type ledger struct {
	onPanic func(*weir.Panic) // may be nil
	where   string            // what to log of a panic that nobody waits for

	mu     sync.Mutex // guards what follows
	first  ending
	closed bool // nobody waits any more
}

// note takes e down. A panic that comes when nobody waits any more is reported.
func (l *ledger) note(e ending) {
	if e.returned() {
		return
	}
	l.mu.Lock()
	told := !l.closed && l.first.panicked == nil && (e.panicked != nil || !l.first.exited)
	if told {
		l.first = e // a panic goes before an exit
	}
	l.mu.Unlock()
	if !told {
		l.report(e)
	}
}

// close is called by the one who waits, when that is over.
func (l *ledger) close() ending {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return l.first
}

// settle closes the ledger and raises what is in it, unless the one who waits is
// about to panic or to exit anyway.
func (l *ledger) settle(returns bool) {
	e := l.close()
	if returns {
		e.raise()
	}
	l.report(e)
}

func (l *ledger) report(e ending) {
	switch {
	case e.panicked == nil:
	case l.onPanic != nil:
		l.hook(e.panicked)
	default:
		panics.Log(l.where, e.panicked.Value, e.panicked.Stack)
	}
}

// hook calls the hook, on whatever goroutine there is, which may not be one that can
// be left to its panics.
func (l *ledger) hook(p *weir.Panic) {
	defer func() {
		if v := recover(); v != nil {
			panics.Log(l.where, p.Value, p.Stack)
			again := weir.CaughtPanic(v)
			panics.Log("fx: panic in OnPanic", again.Value, again.Stack)
		}
	}()
	l.onPanic(p)
}
