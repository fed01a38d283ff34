package weir

import (
	"context"
	"sync"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

// Join returns one guard made of several: it asks them in the order given, and
// admits if all admit. Where a later guard refuses (or panics), the permits of
// the earlier ones are given back as [Ignored]. The outcome goes to all of them,
// last guard first.
//
// Join() admits everything, unless ctx is done. Join panics on a nil guard. It allocates nothing per
// admission or refusal. Its RetryAfter is the longest of its guards'.
func Join(guards ...Guard) Guard {
	for _, g := range guards {
		if g == nil {
			panic("weir: Join with a nil Guard")
		}
	}
	if len(guards) == 1 {
		return guards[0]
	}
	j := &joint{guards: append([]Guard(nil), guards...)}
	j.free.New = func() any {
		t := &jointPermits{owner: j, permits: make([]Permit, 0, len(j.guards))}
		t.Bind(t)
		return t
	}
	return j
}

type joint struct {
	guards []Guard
	free   sync.Pool // of *jointPermits without permits
}

// jointPermits holds what the guards of one admission handed out.
type jointPermits struct {
	Slot
	owner   *joint
	permits []Permit
}

func (j *joint) Allow(ctx context.Context) (Permit, error) {
	if err := ctxerr.Err(ctx); err != nil {
		return Permit{}, err
	}
	t := j.free.Get().(*jointPermits)
	complete := false
	defer func() {
		if !complete {
			t.Settle(Ignored) // refused, or a guard panicked
		}
	}()
	for _, g := range j.guards {
		p, err := g.Allow(ctx)
		if err != nil {
			return Permit{}, err
		}
		t.permits = append(t.permits, p)
	}
	complete = true
	return t.Issue(), nil
}

// Settle passes the outcome on, in reverse order, and makes t free again, even
// if one of the guards panics: what is left is then settled all the same.
func (t *jointPermits) Settle(o Outcome) {
	n := len(t.permits) - 1
	if n < 0 {
		t.owner.free.Put(t)
		return
	}
	p := t.permits[n]
	t.permits[n] = Permit{}
	t.permits = t.permits[:n]
	defer t.Settle(o)
	p.Done(o)
}

// RetryAfter returns the longest wait that one of the guards asks for.
func (j *joint) RetryAfter() time.Duration {
	var longest time.Duration
	for _, g := range j.guards {
		if r, ok := g.(RetryAfterer); ok {
			longest = max(longest, r.RetryAfter())
		}
	}
	return longest
}
