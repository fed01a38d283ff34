package weiretcd

import (
	"context"
	"errors"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

var errLeaseLost = errors.New("weiretcd: the lease is lost")

// A session is a lease, and the key under it, for as long as that holds.
type session struct {
	r       *Registrar
	ctx     context.Context
	cancel  context.CancelFunc
	lease   clientv3.LeaseID
	alive   <-chan *clientv3.LeaseKeepAliveResponse
	watch   clientv3.WatchChan // of the key; nil while there is none
	look    *time.Timer        // runs towards the next look at the key
	again   *time.Timer        // runs while the key is gone but was just written
	unwatch context.CancelFunc // ends it
	wrote   time.Time          // when the key was written last
	rev     int64              // up to which all is known of it
	missed  retry              // of watches that ended
}

// begin registers the instance. ctx is of the attempt only.
func (r *Registrar) begin(ctx context.Context) (*session, error) {
	s := &session{r: r, look: stoppedTimer(), again: stoppedTimer(), unwatch: func() {}}
	if err := s.grant(ctx); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(r.life)
	err := s.put(ctx)
	if err == nil {
		s.alive, err = r.client.KeepAlive(s.ctx, s.lease)
	}
	if err != nil {
		s.cancel()
		r.tried(s.lease)
		r.giveBack(s.lease)
		return nil, err
	}
	if old := r.registered(s.lease); old != clientv3.NoLease {
		r.giveBack(old) // the key is no longer under it
	}
	return s, nil
}

func (s *session) grant(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.r.opts.Timeout, errNoAnswer)
	defer cancel()
	lease, err := s.r.client.Grant(ctx, s.r.opts.seconds())
	if err == nil {
		s.lease = lease.ID
	}
	return explain(ctx, err)
}

// follow watches the key from after rev on, and looks at it in any case from time
// to time.
func (s *session) follow() {
	s.unwatch()
	var ctx context.Context
	ctx, s.unwatch = context.WithCancel(s.ctx)
	s.watch = watch(ctx, s.unwatch, s.r.client, s.r.key, s.r.opts.Timeout, clientv3.WithRev(s.rev+1))
	s.look.Reset(around(3 * s.r.opts.TTL))
}

// giveBack revokes a lease that nothing is to be kept under. If that fails, it ends
// with its TTL.
func (r *Registrar) giveBack(id clientv3.LeaseID) {
	r.work.Go(func() { _ = r.revoke(context.WithoutCancel(r.life), id) })
}

// run keeps the instance registered until Close.
func (r *Registrar) run(s *session) {
	var again retry
	for {
		began := time.Now()
		var err error
		if s == nil {
			s, err = r.begin(r.life)
		}
		if err == nil {
			err = s.keep()
			s.cancel()
			s = nil
		}
		if r.life.Err() != nil {
			return
		}
		r.gone(err)
		if !sleep(r.life, again.wait(time.Since(began))) {
			return
		}
		wake(r.client)
	}
}

// keep returns why the session is over.
func (s *session) keep() (err error) {
	defer s.look.Stop()
	defer s.again.Stop()
	if _, wanted := s.r.wants(); !s.r.hasWritten(wanted) {
		if err := s.put(s.ctx); err != nil { // an Update came before there was anybody to kick
			return err
		}
	}
	s.follow()
	defer func() { s.unwatch() }()
	for err == nil {
		select {
		case <-s.ctx.Done():
			err = errLeaseLost
		case _, ok := <-s.alive:
			if !ok {
				err = errLeaseLost
			}
		case r, ok := <-s.watch:
			err = s.watched(r, ok)
		case <-s.again.C:
			err = s.put(s.ctx)
		case <-s.r.kick:
			err = s.put(s.ctx)
		case <-s.look.C:
			err = s.lookAtKey()
		}
	}
	return err
}

// watched writes the key if it is gone. A watch that has ended is begun anew by
// lookAtKey, after a while.
func (s *session) watched(r clientv3.WatchResponse, ok bool) error {
	events, err := events(r, ok)
	if err != nil {
		s.watch = nil
		s.look.Reset(s.missed.wait(0))
		return nil
	}
	switch n := len(events); {
	case n == 0:
	case events[n-1].Type == clientv3.EventTypeDelete:
		return s.replace()
	default:
		s.again.Stop() // somebody has written it
	}
	return nil
}

// replace writes the key that is gone, though not more often than once a second.
func (s *session) replace() error {
	if wait := time.Second - time.Since(s.wrote); wait > 0 {
		s.again.Reset(wait)
		return nil
	}
	return s.put(s.ctx)
}

// lookAtKey writes the key if it is gone, and watches it if nothing does.
func (s *session) lookAtKey() error {
	r, err := get(s.ctx, s.r.client, s.r.key, s.r.opts.Timeout)
	if err != nil {
		s.look.Reset(s.missed.wait(0)) // the lease will tell if that matters
		return nil
	}
	s.rev = r.Header.GetRevision()
	if len(r.Kvs) == 0 {
		if err := s.put(s.ctx); err != nil {
			return err
		}
	}
	if s.watch == nil {
		s.follow()
		return nil
	}
	s.missed = retry{}
	s.look.Reset(around(3 * s.r.opts.TTL))
	return nil
}
