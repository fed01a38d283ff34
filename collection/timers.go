package collection

import (
	"context"
	"time"

	"github.com/weirgo/weir"
)

// Timers are for very many [time.AfterFunc] at a time, most of which are stopped
// or reset before they fire: deadlines of requests, idle timeouts of connections.
// With a million pending, to set one takes less than half of the time and of the
// memory; in exchange they are only as exact as a tick, and at most some of their
// functions run at a time.
// Take [TimingWheel] to find timers by key.
//
// They fire never early, and late by at most one tick and what the scheduler
// takes. All else that is said of [TimingWheel] about time, concurrency,
// goroutines and cost holds here as well: they are made by [NewTimers], must not
// be copied, need no Close while nothing is pending. A Timer takes 48 bytes
// besides the function. Made for one processor, with hundreds pending, they keep up
// to 16 that were stopped, with their functions, until more are, or one fires.
type Timers struct{ clock clockwork[timerFunc] }

type timerFunc struct {
	f  func()
	of *Timers
}

// hashOfTurn deals timers out to the shards one by one. A Timer stays where it is, so
// it keeps the turn that it was made with.
func hashOfTurn(p *pending[timerFunc]) uint32 { return p.mark << blockBits }

// TimersOptions configures [Timers]. The zero value has the defaults.
type TimersOptions struct {
	// Name tells these timers apart in metrics.
	Name string
	// Tick is how exact they are: what becomes due during a tick fires at its end.
	// The default is 10 ms; the least is a microsecond. It costs nothing while
	// nothing fires.
	Tick time.Duration
	// Workers is how many functions may run at a time; what is due beyond that
	// waits for one of them to return, in the order of ticks. The default is 128;
	// negative is no limit.
	Workers int
	// OnPanic is called when a function has panicked, on the same goroutine, before
	// it goes on. Without it, the panic is logged through [slog.Default].
	OnPanic func(*weir.Panic)
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o TimersOptions) Validate() error { return validateTick(o.Tick) }

// NewTimers returns Timers of which none is pending. It panics if o is
// impossible; see Validate.
func NewTimers(o TimersOptions) *Timers {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	t := &Timers{}
	t.clock.init(drivenBy(clockworkOptions[timerFunc]{
		name:    o.Name,
		workers: o.Workers,
		act:     func(p *pending[timerFunc]) { p.item.f() },
		hash:    hashOfTurn,
		turn:    func(p *pending[timerFunc]) uint32 { return p.mark },
		onPanic: o.OnPanic,
	}, o.Tick))
	return t
}

// AfterFunc calls f after d, in a goroutine of its own as far as f is concerned,
// and returns a Timer to stop or reset that with. If d is zero or less, f is
// called at once, but not here. After Close, the Timer is a stopped one.
func (t *Timers) AfterFunc(d time.Duration, f func()) *Timer {
	if f == nil {
		panic("collection: Timers.AfterFunc needs a function")
	}
	timer := &Timer{pending[timerFunc]{mark: t.clock.sets.Add(1), item: timerFunc{f, t}}}
	timer.Reset(d)
	return timer
}

// Len returns how many timers are pending.
func (t *Timers) Len() int { return t.clock.size() }

// Stats returns a snapshot.
func (t *Timers) Stats() TimedStats { return t.clock.stats() }

// Metrics implements [weir.Source].
func (t *Timers) Metrics(yield func(weir.Metric) bool) {
	t.clock.metrics("weir_timers_", yield)
}

// Close stops all firing, also of what is due, and waits for the functions that
// run. What is pending stays so until it is stopped, but does not fire: of each
// timer either the function is called, or a Stop returns true. Close returns the
// error of ctx if that ends before the functions do; it can be called again, to
// wait on.
//
// In such a function, Close does not wait for that one itself, nor for those that
// are waiting in Close; so it must not be left to a goroutine for which the
// function waits.
func (t *Timers) Close(ctx context.Context) error { return t.clock.close(ctx) }

// A Timer is one call of a function to come, made by [Timers.AfterFunc]; the zero
// value does not work. Its methods are those of a [time.Timer], are safe for
// concurrent use, and allocate nothing. It must not be copied.
type Timer struct{ p pending[timerFunc] }

// Stop keeps the timer from firing. It returns true if the timer was pending,
// and false if it has been stopped, or its function is called, or was. It does
// not wait for the function.
func (t *Timer) Stop() bool {
	c := t.clock()
	s := c.home(hashOfTurn(&t.p))
	s.mu.Lock()
	defer s.mu.Unlock()
	if !t.p.waits() {
		return false
	}
	s.removed++
	if c.lingers(s) {
		c.abandon(s, &t.p)
	} else {
		c.remove(s, &t.p) // what f needs is let go of at once
	}
	return true
}

// Reset lets the timer fire after d from now, whether or not it is pending, and
// returns whether it was. After Close, what is not pending stays so.
func (t *Timer) Reset(d time.Duration) bool {
	c := t.clock()
	now := c.elapsed()
	s := c.home(hashOfTurn(&t.p))
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.p.waits() {
		c.move(s, &t.p, now, d)
		return true
	}
	if !s.closed {
		c.add(s, &t.p, now, d)
	}
	return false
}

func (t *Timer) clock() *clockwork[timerFunc] {
	if t.p.item.of == nil {
		panic("collection: a Timer must be made by Timers.AfterFunc")
	}
	return &t.p.item.of.clock
}
