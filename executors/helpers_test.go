package executors_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/executors"
)

func background() context.Context { return context.Background() }

func doneContext() context.Context {
	ctx, cancel := context.WithCancel(background())
	cancel()
	return ctx
}

// bubble runs a test on a clock of its own, from a moment that now counts from.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// A batch is what a handler was given, and when.
type batch struct {
	at    time.Duration
	items []int
}

// A log keeps the batches of a handler.
type log struct {
	mu    sync.Mutex
	start time.Time
	got   []batch
}

func newLog() *log { return &log{start: time.Now()} }

func (l *log) add(items []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, batch{time.Since(l.start), slices.Clone(items)})
}

func (l *log) handle(_ context.Context, items []int) error {
	l.add(items)
	return nil
}

// slowly returns a handler that takes so long, and writes down when it begins.
func (l *log) slowly(d time.Duration) func(context.Context, []int) error {
	return func(_ context.Context, items []int) error {
		l.add(items)
		time.Sleep(d)
		return nil
	}
}

func (l *log) batches() []batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got)
}

func (l *log) items() (all []int) {
	for _, b := range l.batches() {
		all = append(all, b.items...)
	}
	return all
}

// upTo returns the numbers from first to last.
func upTo(first, last int) (all []int) {
	for i := first; i <= last; i++ {
		all = append(all, i)
	}
	return all
}

// an adder is a Bulk, or what is like it.
type adder[T any] interface {
	Add(ctx context.Context, v T) error
}

func addAll[T any](t *testing.T, to adder[T], items ...T) {
	t.Helper()
	for _, v := range items {
		require.NoError(t, to.Add(background(), v))
	}
}

// A sink keeps what OnError is given.
type sink struct {
	mu    sync.Mutex
	got   []batch
	errs  []error
	start time.Time
}

func newSink() *sink { return &sink{start: time.Now()} }

func (s *sink) take(items []int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, batch{time.Since(s.start), items}) // it may keep them
	s.errs = append(s.errs, err)
}

func (s *sink) batches() []batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *sink) errors() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.errs)
}

// logged returns what is logged through slog.Default while fn runs. Nothing else in
// these tests logs.
func logged(t *testing.T, fn func()) string {
	t.Helper()
	var out lockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	fn()
	return out.String()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// requireSettled demands that nothing is pending or on its way.
func requireSettled(t *testing.T, st executors.Stats) {
	t.Helper()
	require.Zero(t, st.Pending+st.Filling+st.Queued+st.Running+st.Waiting, "%+v", st)
	require.Equal(t, st.Accepted, st.Handled+st.Failed, "%+v", st)
}
