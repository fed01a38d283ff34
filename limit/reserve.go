package limit

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

// farthest is how far ahead a place is taken when nothing else bounds it.
const farthest = 73 * 365 * day

// A Reservation is the right to do some events after Delay. It is made by
// [Token.Reserve], is safe for concurrent use and must not be copied. To forget
// it costs its events, nothing more.
type Reservation struct {
	token    *Token
	key      string
	n        int
	at       time.Time // when the events may happen
	due      time.Time // the same, as far as giving back goes: never later
	degraded bool
	done     atomic.Bool
}

// Delay returns how long to wait from now before the events may happen; 0 if they
// may.
func (r *Reservation) Delay() time.Duration { return max(0, time.Until(r.at)) }

// Degraded reports whether a stand-in for the Store made the reservation.
func (r *Reservation) Degraded() bool { return r.degraded }

// Cancel gives the events back, which then must not happen; the first call
// counts. If others have reserved for a later time, nothing comes back, for their
// places stay where they are. Nor does what would have come back anyway since
// the events were due. A Store that does not answer is not asked again, nor is
// anything given back to it that a stand-in handed out.
func (r *Reservation) Cancel(ctx context.Context) {
	if r.done.Swap(true) || r.n == 0 || r.degraded {
		return
	}
	t, after := r.token, time.Until(r.due)
	switch {
	case t.ledger != nil:
		t.ledger.giveBack(r.key, r.n, int64(after))
		return
	case t.door == nil:
		t.view.takeTokens(r.key, -r.n, after, t.rules)
		return
	}
	n := r.n
	if after < 0 {
		n -= t.returned(-after)
	}
	if n > 0 && ctx.Err() == nil {
		_, _, _ = t.door.tokens(ctx, r.key, -n, max(0, after), t.buckets)
	}
}

// returned returns how many events come back in that time at most, begun ones
// included.
func (t *Token) returned(in time.Duration) int {
	most := 0
	for _, b := range t.buckets {
		events := float64(in) / float64(b.Rate.Per) * float64(b.Rate.Events)
		most = max(most, int(min(events, float64(b.Burst)))+1)
	}
	return most
}

// Reserve takes n events that may happen at most within from now, and tells when.
// It returns [ErrTooLong] if they would have to wait for longer, and takes nothing
// then; otherwise an error only for bad input, as [Token.AllowN], and once ctx is
// done. Who reserves must wait for Delay, or Cancel. It allocates.
func (t *Token) Reserve(ctx context.Context, key string, n int, within time.Duration) (*Reservation, error) {
	if err := check(ctx, key, n); err != nil {
		return nil, err
	}
	r, _, err := t.reserve(ctx, key, n, within)
	return r, err
}

// reserve also returns when to try again, where a stand-in had nothing to give.
func (t *Token) reserve(ctx context.Context, key string, n int, within time.Duration) (*Reservation, time.Duration, error) {
	r := &Reservation{token: t, key: key, n: n}
	if n == 0 {
		return r, 0, nil
	}
	asked := time.Now()
	taken, degraded, err := t.take(ctx, key, n, max(0, min(within, farthest)))
	if err != nil {
		return nil, 0, err
	}
	if t.door != nil {
		t.count(n, taken.OK)
	}
	if !taken.OK {
		if degraded && taken.Wait > 0 {
			return nil, taken.Wait, ErrTooLong
		}
		return nil, 0, ErrTooLong
	}
	// The decision was made between two readings of the clock. Whoever counts from the
	// later one does not act too early, from the earlier one does not give back too much.
	r.at, r.due, r.degraded = time.Now().Add(taken.Wait), asked.Add(taken.Wait), degraded
	return r, 0, nil
}

// Wait waits until one event is allowed, and takes it. It returns [ErrTooLong] at
// once if that is not before the deadline of ctx. If ctx is done meanwhile, it
// returns its error, and gives back what it can; see [Reservation.Cancel]. Who
// comes first is served first. It allocates.
func (t *Token) Wait(ctx context.Context, key string) error { return t.WaitN(ctx, key, 1) }

// WaitN is [Token.Wait] for n events together. More than Burst are never allowed:
// [ErrTooLong].
func (t *Token) WaitN(ctx context.Context, key string, n int) error {
	if err := check(ctx, key, n); err != nil {
		return err
	}
	if allowed, err := t.leased(ctx, key, n); allowed || err != nil {
		return err
	}
	for {
		r, again, err := t.reserve(ctx, key, n, timeLeft(ctx))
		switch {
		case err == nil:
			return r.wait(ctx)
		case again <= 0 || again > timeLeft(ctx):
			return err
		}
		if err := sleep(ctx, again); err != nil {
			return err
		}
	}
}

// leased takes n events that need not wait, where a lease may spare the Store a
// call.
func (t *Token) leased(ctx context.Context, key string, n int) (bool, error) {
	if t.leases == nil || t.door.gates.open(key) || n == 0 {
		return false, nil
	}
	d, _, err := t.leases.take(ctx, key, n)
	if d.Allowed {
		t.count(n, true)
	}
	return d.Allowed, err
}

// timeLeft returns how long a call may wait so that it ends before the deadline,
// not with it.
func timeLeft(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline) - 1
	}
	return farthest
}

func (r *Reservation) wait(ctx context.Context) error {
	err := sleep(ctx, r.Delay())
	if err != nil {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), defaultTimeout)
		defer cancel()
		r.Cancel(cleanup)
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return ctxerr.Err(ctx)
}
