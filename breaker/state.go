package breaker

import (
	"strconv"
	"time"
)

// State is what a breaker does at the moment.
type State uint8

const (
	// Closed: all calls are admitted.
	Closed State = iota
	// Throttling: calls are refused with a probability, because too many fail, or
	// were within the last tenth of the window.
	Throttling
	// Open: all calls are refused but for probes, because nothing works.
	Open
	// ForcedOpen: all calls are refused, because somebody said so.
	ForcedOpen
	// Disabled: all calls are admitted and none is counted.
	Disabled
	// DryRun: all calls are admitted; what would have been refused is counted.
	DryRun
)

var stateNames = [...]string{"closed", "throttling", "open", "forced-open", "disabled", "dry-run"}

// String returns the state's name in lower case, such as "forced-open".
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "state(" + strconv.Itoa(int(s)) + ")"
}

// A StateChange tells that a breaker was in one state and now is in another.
type StateChange struct {
	Name     string // of the breaker
	From, To State
	At       time.Time
}

// The bits of Breaker.mode. Without any, the breaker is closed or throttling.
const (
	tripped uint32 = 1 << iota
	forcedOpen
	disabled
	dryRun

	overrides = forcedOpen | disabled | dryRun
)

// Force overrides what the breaker would do by itself: [ForcedOpen] refuses all
// calls, [Disabled] admits all and learns nothing, [DryRun] admits all but
// otherwise goes on as ever, so that Stats tell what it would have refused: what
// becomes of a spared call is counted, but does not move the breaker. [Closed]
// ends any override, forgets the past and starts closed; [Open] ends it and
// starts open, with probes. Force panics on any other state.
func (b *Breaker) Force(s State) {
	now := b.now()
	switch s {
	case Closed:
		b.close(now)
		b.setOverride(0)
	case Open:
		b.probes.start(now, b.opts.ProbeInterval) // also if it has been open for long
		b.trip(now)
		b.setOverride(0)
	case ForcedOpen:
		b.setOverride(forcedOpen)
	case Disabled:
		b.setOverride(disabled)
	case DryRun:
		b.setOverride(dryRun)
	default:
		panic("breaker: cannot force the state " + s.String())
	}
	b.announce(now)
}

func (b *Breaker) setOverride(bit uint32) {
	for {
		mode := b.mode.Load()
		if b.mode.CompareAndSwap(mode, mode&^overrides|bit) {
			return
		}
	}
}

// State returns what the breaker does now. It takes the time that has passed
// since the last call into account.
func (b *Breaker) State() State {
	now := b.now()
	if b.mode.Load()&tripped == 0 {
		b.current(now)
	} else if b.probes.lapsed(now, b.opts.Window) {
		b.close(now)
	}
	return b.state()
}

func (b *Breaker) state() State {
	mode := b.mode.Load()
	switch {
	case mode&forcedOpen != 0:
		return ForcedOpen
	case mode&disabled != 0:
		return Disabled
	case mode&dryRun != 0:
		return DryRun
	case mode&tripped != 0:
		return Open
	case b.strained.Load() != 0:
		return Throttling
	}
	return Closed
}

// announce tells OnStateChange if the state differs from the one announced last.
// Of several goroutines that notice, one wins the swap; a change that happens
// meanwhile is seen in the next round.
func (b *Breaker) announce(now int64) {
	for {
		from, to := b.shown.Load(), uint32(b.state())
		if from == to {
			return
		}
		if b.shown.CompareAndSwap(from, to) && b.opts.OnStateChange != nil {
			b.opts.OnStateChange(StateChange{
				Name: b.opts.Name, From: State(from), To: State(to), At: b.epoch.Add(time.Duration(now)),
			})
		}
	}
}

// trip opens the breaker, if it is not open.
func (b *Breaker) trip(now int64) {
	if b.mode.Load()&tripped != 0 {
		return
	}
	b.probes.start(now, b.opts.ProbeInterval)
	if b.mode.Or(tripped)&tripped == 0 {
		b.trips.Add(1)
		b.announce(now)
	}
}

// close closes the breaker, and forgets why it ever opened.
func (b *Breaker) close(now int64) {
	epoch := b.window.epoch(now)
	b.window.forgive(epoch)
	b.streak.end()
	b.probes.interval.Store(int64(b.opts.ProbeInterval))
	b.verdict.Store(uint64(newVerdict(epoch, 0)))
	b.strained.Store(0)
	b.mode.And(^uint32(tripped))
	b.announce(now)
}
