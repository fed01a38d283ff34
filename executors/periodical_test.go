package executors_test

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/executors"
)

// A tally counts words, of which it holds so many different ones.
type tally struct {
	room   int
	counts map[string]int
	add    func(string) // called first, if not nil
	take   func()       // called first, if not nil
}

func (c *tally) Add(word string) bool {
	if c.add != nil {
		c.add(word)
	}
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[word]++
	return len(c.counts) == c.room
}

func (c *tally) Take() map[string]int {
	if c.take != nil {
		c.take()
	}
	counts := c.counts
	c.counts = nil
	return counts
}

type words = executors.PeriodicalOptions[string, map[string]int]

// A tallies keeps what a handler is given.
type tallies struct {
	mu  sync.Mutex
	got []map[string]int
}

func (l *tallies) handle(_ context.Context, counts map[string]int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, maps.Clone(counts))
	return nil
}

func (l *tallies) all() []map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got)
}

func TestContainerSaysWhenItIsFull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var l tallies
		p := executors.NewPeriodical(words{Container: &tally{room: 2}, Interval: time.Second, Handle: l.handle})
		addAll(t, p, "a", "a", "b", "c")
		synctest.Wait()
		require.Equal(t, []map[string]int{{"a": 2, "b": 1}}, l.all())
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, []map[string]int{{"a": 2, "b": 1}, {"c": 1}}, l.all())
		addAll(t, p, "d", "d")
		require.NoError(t, p.Flush(background()))
		require.Equal(t, map[string]int{"d": 2}, l.all()[2])
		addAll(t, p, "e")
		require.NoError(t, p.Close(background()))
		require.Equal(t, map[string]int{"e": 1}, l.all()[3])
		require.Equal(t, executors.ErrClosed, p.Add(background(), "f"))
		require.EqualValues(t, 7, p.Stats().Handled)
		requireSettled(t, p.Stats())
	})
}

func TestSlowContainerIsNeverCalledTwiceAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var l tallies
		inside := 0
		enter := func() {
			inside++
			require.Equal(t, 1, inside)
			time.Sleep(time.Second)
			inside--
		}
		p := executors.NewPeriodical(words{Workers: 4, Interval: 1500 * time.Millisecond,
			Container: &tally{room: 3, add: func(string) { enter() }, take: enter}, Handle: l.handle})
		for i := range 20 {
			go func() { _ = p.Add(background(), string(rune('a'+i))) }()
		}
		time.Sleep(3 * time.Second)
		require.NoError(t, p.Flush(background()))
		time.Sleep(time.Hour)
		require.NoError(t, p.Close(background()))
		all := map[string]int{}
		for _, counts := range l.all() {
			for word, n := range counts {
				all[word] += n
			}
		}
		require.Len(t, all, 20)
		require.EqualValues(t, 20, p.Stats().Handled)
	})
}

func TestAddThatWaitsForTheContainerGoesByItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		start := time.Now()
		var l tallies
		p := executors.NewPeriodical(words{Container: &tally{add: func(string) { time.Sleep(time.Minute) }}, Handle: l.handle})
		go func() { _ = p.Add(background(), "a") }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(background(), time.Second)
		defer cancel()
		require.ErrorIs(t, p.Add(ctx, "b"), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		require.ErrorIs(t, p.Add(doneContext(), "b"), context.Canceled)
		require.NoError(t, p.Close(background()))
		require.Equal(t, []map[string]int{{"a": 1}}, l.all(), "what was granted room before Close is handled")
		require.Equal(t, time.Minute, time.Since(start))
	})
}

// A worker comes for what is due while the last item that fits is being put in.
func TestEmptyContainerIsNotTaken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var l tallies
		p := executors.NewPeriodical(words{Interval: time.Second, Handle: l.handle,
			Container: &tally{room: 2, add: func(string) { time.Sleep(2 * time.Second) }}})
		addAll(t, p, "a", "b")
		time.Sleep(time.Minute)
		require.NoError(t, p.Close(background()))
		require.Equal(t, []map[string]int{{"a": 1, "b": 1}}, l.all())
		require.EqualValues(t, 1, p.Stats().Batches)
	})
}

func TestCloseThatGivesUpWaitsForAnItemThatIsBeingPutIn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		start := time.Now()
		var lost []map[string]int
		p := executors.NewPeriodical(words{Container: &tally{add: func(string) { time.Sleep(time.Minute) }},
			Handle:  func(context.Context, map[string]int) error { return nil },
			OnError: func(counts map[string]int, err error) { lost = append(lost, counts) }})
		go func() { _ = p.Add(background(), "a") }()
		synctest.Wait()
		require.Equal(t, &executors.UnsettledError{GivenUp: 1, Err: context.Canceled}, p.Close(doneContext()))
		require.Equal(t, time.Minute, time.Since(start))
		require.Equal(t, []map[string]int{{"a": 1}}, lost)
	})
}

func TestPendingItemsOfAPeriodicalAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var l tallies
		p := executors.NewPeriodical(words{Container: &tally{}, MaxPending: 2, Interval: -1, FailFast: true, Handle: l.handle})
		addAll(t, p, "a", "a")
		require.Equal(t, executors.ErrFull, p.Add(background(), "a"))
		synctest.Wait()
		addAll(t, p, "b")
		require.NoError(t, p.Close(background()))
		require.Equal(t, []map[string]int{{"a": 2}, {"b": 1}}, l.all())
	})
}

func TestPanicOfTheContainersAddIsTheCallers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var l tallies
		c := &tally{add: func(word string) {
			switch word {
			case "panic":
				panic("no such word")
			case "goexit":
				runtime.Goexit()
			}
		}}
		p := executors.NewPeriodical(words{Container: c, MaxPending: 1, Handle: l.handle})
		require.PanicsWithValue(t, "no such word", func() { _ = p.Add(background(), "panic") })
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = p.Add(background(), "goexit")
		}()
		<-done
		addAll(t, p, "a") // there is room
		require.NoError(t, p.Close(background()))
		require.Equal(t, []map[string]int{{"a": 1}}, l.all())
		require.EqualValues(t, 1, p.Stats().Accepted)
	})
}

// Whoever calls Take, a panic of it is a failure of the batch.
func TestPanicOfTakeIsReported(t *testing.T) {
	for _, goexit := range []bool{false, true} {
		for _, room := range []int{1, 0} { // Add takes what is full, a worker the rest
			bubble(t, func(t *testing.T) {
				var l tallies
				var errs []error
				c := &tally{room: room}
				c.take = func() {
					if c.counts["a"] > 0 {
						c.counts = nil
						if goexit {
							runtime.Goexit()
						}
						panic("lost")
					}
				}
				p := executors.NewPeriodical(words{Container: c, Handle: l.handle,
					OnError: func(counts map[string]int, err error) {
						require.Nil(t, counts)
						errs = append(errs, err)
					}})
				done := make(chan struct{})
				go func() {
					defer close(done)
					_ = p.Add(background(), "a")
				}()
				<-done
				require.NoError(t, p.Flush(background()))
				addAll(t, p, "b")
				require.NoError(t, p.Close(background()))
				require.Equal(t, []map[string]int{{"b": 1}}, l.all())
				require.Len(t, errs, 1)
				if goexit {
					require.Equal(t, executors.ErrGoexit, errs[0])
				} else {
					p, ok := errors.AsType[*weir.Panic](errs[0])
					require.True(t, ok)
					require.Equal(t, "lost", p.Value)
				}
				st := p.Stats()
				require.EqualValues(t, 1, st.Failed)
				requireSettled(t, st)
			})
		}
	}
}

// The worker that ends has just settled another batch, which must not be settled again.
func TestTakeThatCallsGoexitAfterAnotherBatchCostsNothingElse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var l tallies
		failed := 0
		c := &tally{}
		c.take = func() {
			if c.counts["b"] > 0 {
				c.counts = nil
				runtime.Goexit()
			}
		}
		p := executors.NewPeriodical(words{Container: c, Interval: time.Second,
			OnError: func(map[string]int, error) { failed++ },
			Handle: func(ctx context.Context, counts map[string]int) error {
				time.Sleep(time.Minute)
				return l.handle(ctx, counts)
			}})
		addAll(t, p, "a")
		time.Sleep(2 * time.Second) // a is being handled
		addAll(t, p, "b")
		time.Sleep(2 * time.Minute)
		addAll(t, p, "c")
		require.NoError(t, p.Close(background()))
		require.Equal(t, []map[string]int{{"a": 1}, {"c": 1}}, l.all())
		require.Equal(t, 1, failed)
		requireSettled(t, p.Stats())
		require.EqualValues(t, 3, p.Stats().Batches)
	})
}

func TestPeriodicalThatGivesUpReportsWhatIsInTheContainer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var lost []map[string]int
		release := make(chan struct{})
		p := executors.NewPeriodical(words{Container: &tally{room: 2},
			Handle:  func(context.Context, map[string]int) error { <-release; return nil },
			OnError: func(counts map[string]int, err error) { lost = append(lost, counts) }})
		addAll(t, p, "a", "b", "c", "d", "e")
		synctest.Wait()
		require.Equal(t, &executors.UnsettledError{Running: 2, GivenUp: 3, Err: context.Canceled}, p.Close(doneContext()))
		require.Equal(t, []map[string]int{{"c": 1, "d": 1}, {"e": 1}}, lost)
		close(release)
		require.NoError(t, p.Close(background()))
	})
}
