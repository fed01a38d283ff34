package breaker

import "sync/atomic"

// usual is how long successes usually take, rather too low than too high: where
// it errs, a timeout counts. It falls four times as fast as it rises, and no
// single success raises it by more than a sixteenth. It learns from one success
// per epoch at most, which is plenty, and keeps the word it lives in from being
// fought for.
type usual struct {
	duration atomic.Int64 // in nanoseconds
	learnt   atomic.Uint32
}

func (u *usual) learn(took int64, epoch uint32) {
	if u.learnt.Load() == epoch {
		return
	}
	u.learnt.Store(epoch)
	known := u.duration.Load()
	switch {
	case known == 0:
		known = took
	case took < known:
		known -= (known - took) / 4
	default:
		known += min(took-known, known) / 16
	}
	u.duration.Store(known)
}
