package weiretcd

import (
	"context"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/resolver"
)

// A follower keeps one of gRPC's clients informed. All that it knows belongs to the
// goroutine of run.
type follower struct {
	r      *Resolver
	cc     resolver.ClientConn
	prefix string
	ctx    context.Context
	stop   context.CancelFunc
	now    chan struct{} // somebody asks for a check; room for one
	done   chan struct{} // closed when run has returned

	book     book
	at       mark      // how far etcd was, as far as known
	listed   bool      // whether book has been what etcd has
	forgetAt time.Time // when to forget what etcd has lost, if there is any
	awayAt   time.Time // since when etcd was not followed; zero while it is
	emptyAt  time.Time // since when etcd, while it answers, has none; zero if it has

	shown  []Endpoint // what gRPC was given last, here or by an earlier follower
	handed bool       // whether it was here
	state  TargetStats
}

// ResolveNow implements [resolver.Resolver]: gRPC has lost a connection.
func (f *follower) ResolveNow(resolver.ResolveNowOptions) {
	select {
	case f.now <- struct{}{}:
	default:
	}
}

// Close implements [resolver.Resolver].
func (f *follower) Close() {
	f.stop()
	<-f.done
	f.r.leave(f)
}

func (f *follower) run() {
	defer close(f.done)
	var again retry
	for {
		began := time.Now()
		err := f.follow()
		if f.ctx.Err() != nil {
			return
		}
		f.failed(err)
		if !sleep(f.ctx, again.wait(time.Since(began))) {
			return
		}
		wake(f.r.client)
	}
}

// follow lists the keys and watches them until something is wrong.
func (f *follower) follow() error {
	timeout := f.r.opts.Timeout
	pairs, at, err := list(f.ctx, f.r.client, f.prefix, timeout)
	if err != nil {
		return err
	}
	f.learn(pairs, at)
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	ch := watch(ctx, cancel, f.r.client, f.prefix, timeout, clientv3.WithPrefix(), clientv3.WithRev(at.rev+1))
	if ctx.Err() != nil {
		return errNoAnswer
	}
	v := newVigil(ctx, f, ch)
	defer v.end(cancel)
	return v.keep()
}

// learn takes in a list.
func (f *follower) learn(pairs []pair, at mark) {
	f.r.counts.lists.Add(1)
	lost := f.at.lostSince(at)
	if lost {
		f.r.counts.losses.Add(1)
		if !f.listed {
			f.book.remember(f.shown)
		}
	}
	f.book.replace(pairs, lost, f.bad)
	f.grant(lost)
	f.at, f.listed = at, true
	f.publish()
}

// grant gives the instances that etcd has just lost their time to come back. It does
// not run while etcd is away, and is not given anew for each watch that ends.
func (f *follower) grant(lost bool) {
	now := time.Now()
	switch {
	case lost:
		f.forgetAt = now.Add(grace)
	case !f.awayAt.IsZero():
		f.forgetAt = f.forgetAt.Add(now.Sub(f.awayAt))
	}
	f.awayAt = time.Time{}
}

// apply takes in what a watch tells.
func (f *follower) apply(events []*clientv3.Event) {
	for _, e := range events {
		p := pair{string(e.Kv.Key), e.Kv.Value, e.Kv.ModRevision}
		f.at.rev = max(f.at.rev, p.rev)
		if e.Type == clientv3.EventTypeDelete {
			f.book.drop(p.key)
		} else if err := f.book.put(p); err != nil {
			f.bad(err)
		}
	}
}

func (f *follower) bad(err error) {
	f.r.counts.skipped.Add(1)
	f.state.LastError = err
}

// publish hands out what is known, if that is new.
func (f *follower) publish() {
	now := time.Now()
	if f.book.lost > 0 && !now.Before(f.forgetAt) {
		f.book.forget()
	}
	eps := f.book.endpoints()
	f.state.Empty = len(eps) == 0
	kept := f.state.Empty && len(f.shown) > 0 && f.keepsLast(now)
	if kept {
		eps = f.shown
	}
	if !f.state.Empty {
		f.emptyAt = time.Time{}
	}
	f.stale(kept || f.book.lost > 0)
	f.hand(eps)
	f.r.note(f)
}

func (f *follower) keepsLast(now time.Time) bool {
	if f.emptyAt.IsZero() {
		f.emptyAt = now
	}
	return now.Sub(f.emptyAt) < f.r.opts.KeepLast
}

// due returns when publish has something to do though nothing happens, and whether
// it will have.
func (f *follower) due() (time.Time, bool) {
	if f.book.lost > 0 {
		return f.forgetAt, true
	}
	keep := f.r.opts.KeepLast
	return f.emptyAt.Add(keep), !f.emptyAt.IsZero() && len(f.shown) > 0 && keep < forever
}

// hand gives eps to gRPC unless it has them. What UpdateState returns is of no use:
// a list does not get better by being read again.
func (f *follower) hand(eps []Endpoint) {
	if f.handed && slices.Equal(eps, f.shown) {
		return
	}
	f.shown, f.handed = eps, true
	f.state.Endpoints = len(eps)
	f.r.counts.updates.Add(1)
	_ = f.cc.UpdateState(grpcState(eps))
}

// failed leaves what gRPC has as it is. If that is nothing, it is given what was
// known before, or else the reason: its calls need not wait for nothing.
func (f *follower) failed(err error) {
	f.r.counts.failures.Add(1)
	if f.awayAt.IsZero() {
		f.awayAt = time.Now()
	}
	f.emptyAt = time.Time{} // counted anew when etcd answers
	f.state.LastError = err
	f.stale(true)
	switch {
	case f.handed:
	case len(f.shown) > 0:
		f.hand(f.shown)
	default:
		f.cc.ReportError(err)
	}
	f.r.note(f)
}

func (f *follower) stale(is bool) {
	switch {
	case !is:
		f.state.Stale, f.state.StaleSince = false, time.Time{}
	case !f.state.Stale:
		f.state.Stale, f.state.StaleSince = true, time.Now()
	}
}
