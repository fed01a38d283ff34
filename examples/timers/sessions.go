package main

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/collection"
)

// Sessions are numbers, each with the time at which it expires. Those with even
// numbers are used, the others are not.
type sessions struct {
	epoch time.Time
	n     int
	most  time.Duration // the longest timeout
	wheel *collection.TimingWheel[int, time.Duration]

	fired, early atomic.Int64
	latest       atomic.Int64 // nanoseconds after its time that one fired, at most, since this was read
}

func newSessions(n int, most, tick time.Duration) *sessions {
	s := &sessions{epoch: time.Now(), n: n, most: most}
	s.wheel = collection.NewTimingWheel(collection.WheelOptions[int, time.Duration]{
		Name: "sessions", Tick: tick, OnFire: s.expire,
	})
	return s
}

// use sets the timeout of a session anew.
func (s *sessions) use(session int) error {
	timeout := s.most/10 + rand.N(s.most-s.most/10)
	if session%2 == 0 { // in use: it must not expire while the program runs
		timeout = 100 * s.most
	}
	return s.wheel.Set(session, time.Since(s.epoch)+timeout, timeout)
}

// expire is called by the wheel when a session was not used in time.
func (s *sessions) expire(_ int, due time.Duration) {
	s.fired.Add(1)
	late := int64(time.Since(s.epoch) - due)
	if late < 0 {
		s.early.Add(1)
	}
	for seen := s.latest.Load(); late > seen; seen = s.latest.Load() {
		if s.latest.CompareAndSwap(seen, late) {
			return
		}
	}
}

// open gives every session its first timeout.
func (s *sessions) open(ctx context.Context) error {
	for i := range s.n {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.use(i); err != nil {
			return err
		}
	}
	return nil
}

// keepUsing uses so many sessions per second until ctx ends, and counts them.
func (s *sessions) keepUsing(ctx context.Context, perSecond int, used *atomic.Int64) error {
	const pause = 5 * time.Millisecond
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	start, done := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		due := int(time.Since(start).Seconds() * float64(perSecond))
		for ; done < due; done++ {
			if err := s.use(2 * rand.N((s.n+1)/2)); err != nil {
				return err
			}
			used.Add(1)
		}
	}
}

// drain takes out the sessions that are left.
func (s *sessions) drain(ctx context.Context) (left int, err error) {
	if err := s.wheel.Close(ctx); err != nil {
		return 0, err
	}
	return s.wheel.Drain(ctx, func(int, time.Duration, time.Duration) {})
}
