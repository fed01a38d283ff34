package limit

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A fakeStore is a Memory behind a network that can fail.
type fakeStore struct {
	memory *Memory
	delay  time.Duration // of each good answer

	mu     sync.Mutex
	fault  fault // guarded by mu
	calls  []storeCall
	inside int
	most   int // inside at once
}

type storeCall struct {
	at  time.Time
	key string
	n   int
	ok  bool
}

// A fault is what a store does instead of answering.
type fault func(ctx context.Context) (Taken, error)

var errDown = errors.New("connection refused")

func failing(context.Context) (Taken, error) { return Taken{}, errDown }

func hanging(ctx context.Context) (Taken, error) {
	<-ctx.Done()
	return Taken{}, ctx.Err()
}

func answering(t Taken) fault { return func(context.Context) (Taken, error) { return t, nil } }

func newFakeStore() *fakeStore { return &fakeStore{memory: NewMemory(MemoryOptions{})} }

// set changes what is wrong with the store; nil heals it.
func (s *fakeStore) set(f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *fakeStore) enter() fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside++
	s.most = max(s.most, s.inside)
	return s.fault
}

func (s *fakeStore) leave(c storeCall) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside--
	s.calls = append(s.calls, c)
}

func (s *fakeStore) serve(ctx context.Context, key string, n int, ask func() (Taken, error)) (t Taken, err error) {
	c := storeCall{at: time.Now(), key: key, n: n}
	defer func() { s.leave(c) }()
	if f := s.enter(); f != nil {
		return f(ctx)
	}
	if s.delay > 0 {
		select {
		case <-time.After(s.delay):
		case <-ctx.Done():
			return Taken{}, ctx.Err()
		}
	}
	t, err = ask()
	c.ok = t.OK
	return t, err
}

func (s *fakeStore) TakeTokens(ctx context.Context, key string, n int, within time.Duration, buckets []Bucket) (Taken, error) {
	return s.serve(ctx, key, n, func() (Taken, error) { return s.memory.TakeTokens(ctx, key, n, within, buckets) })
}

func (s *fakeStore) TakeWindow(ctx context.Context, key string, n int, w Window) (Taken, error) {
	return s.serve(ctx, key, n, func() (Taken, error) { return s.memory.TakeWindow(ctx, key, n, w) })
}

func (s *fakeStore) callCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

func (s *fakeStore) forgetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.most = nil, 0
}

var tenPerSecond = []Bucket{{Rate: PerSecond(10), Burst: 10}}
