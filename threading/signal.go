package threading

import "context"

// A signal wakes one of those who wait for something to have changed. It is
// remembered while nobody waits, but only once.
type signal chan struct{}

func newSignal() signal { return make(chan struct{}, 1) }

func (s signal) raise() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// wait returns when the signal was raised or ctx is done. Where it is both, the
// signal stays raised, for somebody who can still act on it.
func (s signal) wait(ctx context.Context) {
	select {
	case <-s:
		if ctx.Err() != nil {
			s.raise()
		}
	case <-ctx.Done():
	}
}
