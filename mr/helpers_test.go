package mr_test

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

var errTest = errors.New("no such user")

// An ending is how a call came back.
type ending struct {
	err      error
	panicked any
	exited   bool
}

// endOf calls fn in a goroutine of its own, since that may not survive.
func endOf(fn func() error) (e ending) {
	e.exited = true
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if e.exited {
				e.panicked = recover()
				e.exited = e.panicked == nil
			}
		}()
		e.err = fn()
		e.exited = false
	}()
	<-done
	return e
}

func (e ending) requirePanic(t *testing.T, value any, stackHas string) {
	t.Helper()
	require.False(t, e.exited)
	p, ok := e.panicked.(*weir.Panic)
	require.True(t, ok, "%T: %v", e.panicked, e.panicked)
	require.Equal(t, value, p.Value)
	require.Contains(t, string(p.Stack), stackHas)
}

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// endless counts how many it has yielded.
func endless(yielded *atomic.Int64) iter.Seq[int] {
	return func(yield func(int) bool) {
		for yield(int(yielded.Add(1)) - 1) {
		}
	}
}

func double(_ context.Context, i int, yield func(int)) error {
	yield(2 * i)
	return nil
}

func collect(_ context.Context, results iter.Seq[int]) ([]int, error) {
	all := []int{}
	for v := range results {
		all = append(all, v)
	}
	return all, nil
}

func upTo(n int) []int {
	all := []int{}
	for i := range n {
		all = append(all, i)
	}
	return all
}

// bubble runs fn under synctest: what hangs, is found to be a deadlock, and a
// goroutine that is left over fails the test.
func bubble(t *testing.T, fn func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, fn)
}

type itemError int

func (e itemError) Error() string { return "item " + strconv.Itoa(int(e)) }
