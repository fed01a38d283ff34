package executors_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/executors"
)

// A fate is what becomes of items, by item: how often each was handled and reported.
type fate struct {
	mu       sync.Mutex
	accepted map[int]bool
	handled  map[int]int
	reported map[int]int
}

func (f *fate) note(where map[int]int, items []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, v := range items {
		where[v]++
	}
}

func (f *fate) accept(v int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.accepted[v] = true
}

// settled demands that each item that was accepted was handled or reported, and once.
func (f *fate) settled(t *testing.T, seed uint64) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for v := range f.accepted {
		if f.handled[v]+f.reported[v] != 1 {
			t.Fatalf("seed %d: item %d was handled %d times and reported %d times", seed, v, f.handled[v], f.reported[v])
		}
	}
	require.Len(t, f.accepted, len(f.handled)+len(f.reported), "seed %d: what was refused was handled all the same", seed)
}

// chance decides what a function of the user's does. It is shared by goroutines.
type chance struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (c *chance) n(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.r.IntN(n)
}

// upTo returns a time up to d, and 0 half of the time.
func (c *chance) upTo(d time.Duration) time.Duration {
	if c.n(2) == 0 {
		return 0
	}
	return time.Duration(c.n(int(d)))
}

// misbehave does what a function may, but return in peace.
func (c *chance) misbehave() error {
	switch c.n(3) {
	case 0:
		panic("at random")
	case 1:
		runtime.Goexit()
	}
	return errors.New("at random")
}

// A victim is any executor of ints.
type victim interface {
	adder[int]
	Flush(context.Context) error
	Close(context.Context) error
	Stats() executors.Stats
}

// heap is a container of ints that is full when it has so many.
type heap struct {
	items []int
	size  int
}

func (h *heap) Add(v int) bool {
	h.items = append(h.items, v)
	return len(h.items) == h.size
}

func (h *heap) Take() (items []int) {
	items, h.items = h.items, nil
	return items
}

func newVictim(c *chance, handle func(context.Context, []int) error, onError func([]int, error)) victim {
	size, interval := 1+c.n(8), []time.Duration{-1, time.Millisecond, 20 * time.Millisecond}[c.n(3)]
	pending, workers, failFast := size*(1+c.n(4))-c.n(2), 1+c.n(3), c.n(4) == 0
	retry := executors.Retry{Attempts: c.n(5) - 1, Base: time.Duration(c.n(5)-1) * time.Millisecond}
	switch c.n(3) {
	case 0:
		return executors.NewBulk(executors.BulkOptions[int]{Size: size, Interval: interval, MaxPending: pending,
			Workers: workers, FailFast: failFast, KeepBatches: c.n(2) == 0, Retry: retry, Handle: handle, OnError: onError})
	case 1:
		return executors.NewChunk(executors.ChunkOptions[int]{Bytes: 3 * size, Interval: interval, MaxPendingBytes: 3 * pending,
			Workers: workers, FailFast: failFast, Retry: retry, Handle: handle, OnError: onError,
			SizeOf: func(v int) int { return v % 7 * (v % 11 / 9) }})
	}
	return executors.NewPeriodical(executors.PeriodicalOptions[int, []int]{Container: &heap{size: size}, Interval: interval,
		MaxPending: pending, Workers: workers, FailFast: failFast, Retry: retry, Handle: handle, OnError: onError})
}

// kill does to an executor what its users may, at random, and closes it in the midst.
func kill(t *testing.T, seed uint64) {
	c := &chance{r: rand.New(rand.NewPCG(seed, 1))}
	f := &fate{accepted: map[int]bool{}, handled: map[int]int{}, reported: map[int]int{}}
	trouble, slow := 1+c.n(6), time.Duration(1+c.n(3_000_000))
	handle := func(ctx context.Context, items []int) error {
		if wait := c.upTo(slow); c.n(2) == 0 {
			time.Sleep(wait)
		} else {
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
		}
		if c.n(trouble) > 2 {
			return c.misbehave()
		}
		f.note(f.handled, items)
		return nil
	}
	v := newVictim(c, handle, func(items []int, err error) {
		f.note(f.reported, items)
		if err == nil {
			t.Errorf("seed %d: reported for no reason", seed)
		}
		if c.n(8) == 0 {
			runtime.Goexit()
		}
	})
	var all sync.WaitGroup
	for adder := range 1 + c.n(4) {
		all.Go(func() {
			for i := range 1 + c.n(60) {
				ctx, cancel := context.WithTimeout(background(), 1+c.upTo(10*time.Millisecond))
				if c.n(3) > 0 {
					ctx = background()
				}
				if item := adder*1000 + i; v.Add(ctx, item) == nil {
					f.accept(item)
				}
				cancel()
				time.Sleep(c.upTo(time.Millisecond))
			}
		})
	}
	all.Go(func() {
		for range c.n(4) {
			time.Sleep(c.upTo(10 * time.Millisecond))
			ctx, cancel := context.WithTimeout(background(), 1+c.upTo(10*time.Millisecond))
			if err := v.Flush(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("seed %d: %v", seed, err)
			}
			cancel()
		}
	})
	for range 1 + c.n(2) {
		all.Go(func() {
			time.Sleep(c.upTo(40 * time.Millisecond))
			ctx, cancel := context.WithTimeout(background(), 1+c.upTo(20*time.Millisecond))
			defer cancel()
			if err := v.Close(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		})
	}
	all.Wait()
	require.NoError(t, v.Close(background()))
	f.settled(t, seed)
	st := v.Stats()
	requireSettled(t, st)
	require.EqualValues(t, len(f.accepted), st.Accepted)
	require.EqualValues(t, len(f.handled), st.Handled)
}

// On the clock of a bubble, what takes long costs nothing, and a goroutine that is left
// or waits for ever is a failure.
func TestEveryAcceptedItemIsSettledOnceWhateverHappens(t *testing.T) {
	seeds := uint64(1000)
	if testing.Short() {
		seeds = 300
	}
	for seed := range seeds {
		bubble(t, func(t *testing.T) { kill(t, seed) })
	}
}

// On the real clock more things happen at the same moment.
func TestEveryAcceptedItemIsSettledOnceOnTheRealClock(t *testing.T) {
	var all sync.WaitGroup
	for seed := range uint64(60) {
		all.Go(func() { kill(t, 1_000_000+seed) })
	}
	all.Wait()
}

// All that an item costs is some nanoseconds, so here adders and workers meet at their
// locks.
func TestNoWakeUpIsLostUnderFullLoad(t *testing.T) {
	for _, workers := range []int{1, 3} {
		for _, pending := range []int{1, 2, 7, 100} {
			var handled sync.Map
			b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, Interval: -1, MaxPending: pending, Workers: workers,
				Handle: func(_ context.Context, items []int) error {
					for _, v := range items {
						if _, twice := handled.LoadOrStore(v, true); twice {
							t.Errorf("%d was handled twice", v)
						}
					}
					return nil
				}})
			var all sync.WaitGroup
			for adder := range 4 {
				all.Go(func() {
					for i := range 1000 {
						if err := b.Add(background(), adder*1000+i); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			require.NoError(t, b.Close(background()))
			require.EqualValues(t, 4000, b.Stats().Handled)
		}
	}
}
