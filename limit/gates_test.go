package limit

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A partedStore is one of which only some parts have the fault. Keys end with the
// number of their part.
type partedStore struct {
	memory *Memory

	mu     sync.Mutex
	faults map[int]fault // guarded by mu
	failed int           // calls that met one
}

func newPartedStore() *partedStore {
	return &partedStore{memory: NewMemory(MemoryOptions{}), faults: map[int]fault{}}
}

func partOf(key string) int {
	n, err := strconv.Atoi(key[strings.LastIndexByte(key, '/')+1:])
	if err != nil {
		panic(err)
	}
	return n
}

func (s *partedStore) Parts(string) func(string) int { return partOf }

func (s *partedStore) set(part int, f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[part] = f
}

func (s *partedStore) meet(key string) fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faults[partOf(key)]
	if f != nil {
		s.failed++
	}
	return f
}

func (s *partedStore) TakeTokens(ctx context.Context, key string, n int, within time.Duration, buckets []Bucket) (Taken, error) {
	if f := s.meet(key); f != nil {
		return f(ctx)
	}
	return s.memory.TakeTokens(ctx, key, n, within, buckets)
}

func (s *partedStore) TakeWindow(ctx context.Context, key string, n int, w Window) (Taken, error) {
	if f := s.meet(key); f != nil {
		return f(ctx)
	}
	return s.memory.TakeWindow(ctx, key, n, w)
}

func keyIn(part int) string { return "key/" + strconv.Itoa(part) }

func TestAPartThatFailsTakesOnlyItsKeysFromTheStore(t *testing.T) {
	for name, f := range map[string]fault{"refuses": failing, "hangs": hanging} {
		for _, lease := range []int{0, 5} {
			t.Run(fmt.Sprint(name, " lease ", lease), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { failPart3(t, f, lease) })
			})
		}
	}
}

func failPart3(t *testing.T, f fault, lease int) {
	s := newPartedStore()
	l := NewToken(TokenOptions{Name: "api", Rate: PerSecond(1000), Store: s, Lease: lease})
	s.set(3, f)
	waited := 0
	const rounds = 100
	for range rounds {
		for part := range maxParts {
			start := time.Now()
			d := allow(l, keyIn(part))
			require.Equal(t, part == 3, d.Degraded, "part %d", part)
			if took := time.Since(start); took > 0 {
				require.Equal(t, 3, part)
				require.Equal(t, defaultTimeout, took)
				waited++
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	require.LessOrEqual(t, waited, s.failed)
	require.LessOrEqual(t, s.failed, 4+int(rounds*50*time.Millisecond/(maxPause*3/4)))
	require.Equal(t, uint64(rounds), l.Stats().Degraded)

	s.set(3, nil)
	healed := time.Now()
	for allow(l, keyIn(3)).Degraded {
		time.Sleep(10 * time.Millisecond)
	}
	require.Less(t, time.Since(healed), time.Second)
	require.True(t, l.Stats().DegradedSince.IsZero())
}

// A fetch that never returns holds its key's lease. Only the gate of that part
// may find that the store holds somebody.
func TestAFetchThatHangsOpensTheGateOfItsPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPartedStore()
		release := make(chan struct{})
		s.set(3, func(context.Context) (Taken, error) { <-release; return Taken{}, errDown })
		l := leasing(s, PerSecond(1000), 1000, 10)
		var held sync.WaitGroup
		held.Go(func() { allow(l, keyIn(3)) })
		synctest.Wait()
		time.Sleep(2*defaultTimeout + firstPause + 1)
		for part := range maxParts {
			require.Equal(t, part == 3, allow(l, keyIn(part)).Degraded, "part %d", part)
		}
		require.ErrorIs(t, l.Stats().LastError, errHung)
		close(release)
		held.Wait()
	})
}

func TestTheStoreIsDegradedFromTheFirstPartThatFailsToTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type told struct {
			degraded bool
			err      error
		}
		var all []told
		s := newPartedStore()
		var l *Token
		l = NewToken(TokenOptions{Rate: PerSecond(1000), Store: s, OnDegraded: func(degraded bool, err error) {
			require.Equal(t, degraded, !l.Stats().DegradedSince.IsZero())
			all = append(all, told{degraded, err})
		}})
		heal := func(part int) {
			s.set(part, nil)
			time.Sleep(maxPause * 5 / 4)
			require.False(t, allow(l, keyIn(part)).Degraded)
		}
		for round := range 3 {
			began := time.Now()
			for part := range 5 {
				s.set(part, failing)
				require.True(t, allow(l, keyIn(part)).Degraded)
				require.True(t, began.Equal(l.Stats().DegradedSince))
				require.Len(t, all, 2*round+1)
				time.Sleep(time.Second)
			}
			heal(0) // the oldest
			require.True(t, began.Add(time.Second).Equal(l.Stats().DegradedSince))
			for part := 1; part < 5; part++ {
				require.Len(t, all, 2*round+1)
				heal(part)
			}
			require.Len(t, all, 2*round+2)
			require.True(t, l.Stats().DegradedSince.IsZero())
			require.Equal(t, uint64(5*(round+1)), l.Stats().Failures)
		}
		for i, x := range all {
			require.Equal(t, i%2 == 0, x.degraded)
			require.Equal(t, x.degraded, x.err == errDown)
		}
	})
}

func TestTransitionsOfManyPartsAtOnceAreToldInTurns(t *testing.T) {
	s := newPartedStore()
	var told []bool // the hook is never called twice at a time
	d := newDoor("", doorOptions{store: s, onDegraded: func(degraded bool, _ error) { told = append(told, degraded) }})
	var all sync.WaitGroup
	for part := range maxParts {
		all.Go(func() {
			g := d.gates.gate(keyIn(part))
			for range 200 {
				p, _ := g.enter()
				g.failed(p, errDown)
				g.worked(pass{phase: g.phase.Load()}) // as a probe would
			}
		})
	}
	all.Wait()
	require.False(t, d.gates.news.telling)
	require.NotEmpty(t, told)
	require.Zero(t, len(told)%2)
	for i, degraded := range told {
		require.Equal(t, i%2 == 0, degraded)
	}
	require.True(t, d.stats().since.IsZero())
	require.Equal(t, uint64(maxParts*200), d.stats().failures)
}

func TestAnOpenGateOfAPartCostsNoAllocation(t *testing.T) {
	for _, lease := range []int{0, 5} {
		s := newPartedStore()
		l := NewToken(TokenOptions{Name: "api", Rate: PerSecond(1000), Store: s, Lease: lease})
		s.set(3, failing)
		key := keyIn(3)
		require.True(t, allow(l, key).Degraded)
		l.door.gates.gate(key).phase.Load().next.Store(1 << 62) // no probes, they may allocate
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			if d, err := l.Allow(t.Context(), key); err != nil || !d.Degraded {
				panic("not degraded")
			}
		}))
	}
}

// A strangeStore answers as it should, but for its parts.
type strangeStore struct {
	*fakeStore
	of     func(string) int
	prefix string
}

func (s *strangeStore) Parts(prefix string) func(string) int {
	s.prefix = prefix
	return s.of
}

func TestAnyNumberIsAPartAndAPanicIsOneToo(t *testing.T) {
	const most = int(^uint(0) >> 1)
	n := 0
	s := &strangeStore{fakeStore: newFakeStore(), of: func(string) int { return n }}
	d := newDoor("api:", doorOptions{store: s})
	require.Equal(t, "api:", s.prefix)
	for number, want := range map[int]int{0: 0, 63: 63, 64: 0, 1000: 40, -1: 63, most: 63, -most - 1: 0} {
		n = number
		require.Same(t, &d.gates.all[want], d.gates.gate("key"), "%d", number)
		require.False(t, d.one(t.Context(), "key").degraded)
	}
	s.of = func(string) int { panic("no idea") }
	d = newDoor("", doorOptions{store: s})
	require.Same(t, &d.gates.all[0], d.gates.gate("key"))
	require.False(t, d.one(t.Context(), "key").degraded)
}

func TestAStoreWithoutPartsHasOneGate(t *testing.T) {
	require.Len(t, newDoor("", doorOptions{store: newFakeStore()}).gates.all, 1)
	require.Len(t, newDoor("", doorOptions{store: &strangeStore{fakeStore: newFakeStore()}}).gates.all, 1)
	require.Len(t, newDoor("", doorOptions{store: newPartedStore()}).gates.all, maxParts)
}
