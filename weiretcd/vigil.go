package weiretcd

import (
	"context"
	"errors"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

var (
	errLost   = errors.New("weiretcd: etcd has lost data, or is another one")
	errMissed = errors.New("weiretcd: etcd has other keys than the watch has told of")
)

// urgent is how often etcd is checked at most, however often gRPC asks.
const urgent = time.Second

// A vigil is the time between a list and the next: it applies what the watch tells,
// and checks that etcd is there.
type vigil struct {
	f     *follower
	ctx   context.Context
	watch clientv3.WatchChan

	settle  *time.Timer // runs while there are changes that gRPC has not been told of
	first   time.Time   // when the first of them came; zero if there are none
	due     *time.Timer // runs towards f.due
	check   *time.Timer // runs towards the next check
	checkAt time.Time   // when that is
	checked time.Time   // when the last one began
	busy    bool        // a check is under way
	events  int         // so far
	doubt   bool        // the last check found another number of keys
	answers chan answer // room for one
	checks  sync.WaitGroup
}

// An answer is what a check came to.
type answer struct {
	at     mark
	keys   int
	since  mark // known when it began
	events int  // likewise
	err    error
}

func newVigil(ctx context.Context, f *follower, watch clientv3.WatchChan) *vigil {
	v := &vigil{
		f: f, ctx: ctx, watch: watch,
		settle:  stoppedTimer(),
		due:     stoppedTimer(),
		check:   stoppedTimer(),
		checked: time.Now(), // by the list
		answers: make(chan answer, 1),
	}
	v.armCheck()
	v.armDue()
	return v
}

func stoppedTimer() *time.Timer {
	t := time.NewTimer(forever)
	t.Stop()
	return t
}

// end waits for a check under way, and tells gRPC what it has not been told.
func (v *vigil) end(cancel context.CancelFunc) {
	cancel()
	v.settle.Stop()
	v.due.Stop()
	v.check.Stop()
	v.checks.Wait()
	if !v.first.IsZero() && v.f.ctx.Err() == nil {
		v.f.publish()
	}
}

// keep returns why the vigil is over.
func (v *vigil) keep() error {
	for {
		select {
		case <-v.ctx.Done():
			return errWatchOver
		case r, ok := <-v.watch:
			events, err := events(r, ok)
			if err != nil {
				return err
			}
			v.apply(events)
		case a := <-v.answers:
			if err := v.judge(a); err != nil {
				return err
			}
		case <-v.settle.C:
			v.publish()
		case <-v.due.C:
			v.publish()
		case <-v.check.C:
			v.ask()
		case <-v.f.now:
			v.hurry()
		}
	}
}

func (v *vigil) apply(events []*clientv3.Event) {
	if len(events) == 0 {
		return
	}
	v.events += len(events)
	v.f.apply(events)
	settle, now := v.f.r.opts.Settle, time.Now()
	if v.first.IsZero() {
		v.first = now
	}
	if settle = min(settle, 10*settle-now.Sub(v.first)); settle <= 0 {
		v.publish()
		return
	}
	v.settle.Reset(settle)
}

func (v *vigil) publish() {
	v.settle.Stop()
	v.first = time.Time{}
	v.f.publish()
	v.armDue()
}

func (v *vigil) armDue() {
	if at, ok := v.f.due(); ok {
		v.due.Reset(time.Until(at))
	} else {
		v.due.Stop()
	}
}

func (v *vigil) armCheck() {
	every := v.f.r.opts.CheckEvery
	switch {
	case v.doubt:
		v.checkIn(urgent)
	case every > 0:
		v.checkIn(around(every))
	default:
		v.checkIn(forever)
	}
}

func (v *vigil) checkIn(d time.Duration) {
	v.checkAt = time.Now().Add(d)
	v.check.Reset(d)
}

// hurry moves the next check forward.
func (v *vigil) hurry() {
	d := max(0, urgent-time.Since(v.checked))
	if !v.busy && d < time.Until(v.checkAt) {
		v.checkIn(d)
	}
}

// ask begins a check. It counts keys, which costs etcd little however many there
// are, and brings what mark tells. It has a goroutine of its own, so that changes
// need not wait for an etcd that hangs.
func (v *vigil) ask() {
	v.checked, v.busy = time.Now(), true
	a := answer{since: v.f.at, events: v.events}
	v.f.r.counts.checks.Add(1)
	v.checks.Go(func() {
		r, err := get(v.ctx, v.f.r.client, v.f.prefix, v.f.r.opts.Timeout, clientv3.WithPrefix(), clientv3.WithCountOnly())
		a.err = err
		if err == nil {
			a.at, a.keys = markOf(r), int(r.Count)
		}
		v.answers <- a
	})
}

// judge returns what is wrong with an answer. The number of keys says something
// only if nothing changed meanwhile, and an event may be on its way still: it has
// to be wrong twice.
func (v *vigil) judge(a answer) error {
	v.busy = false
	f := v.f
	if a.err != nil {
		return a.err
	}
	if a.since.lostSince(a.at) {
		return errLost
	}
	a.at.rev = max(a.at.rev, f.at.rev) // the watch may have told of more meanwhile
	f.at = a.at
	wrong := a.keys != f.book.len() && a.events == v.events
	if wrong && v.doubt {
		return errMissed
	}
	v.doubt = wrong
	v.armCheck()
	return nil
}
