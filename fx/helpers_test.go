package fx_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/fx"
)

var (
	ctx      = context.Background()
	errDown  = errors.New("down")
	errOther = errors.New("other")
)

// naturals is an endless source of 0, 1, 2..., which counts what it was asked for.
func naturals(asked *int) fx.Stream[int] {
	return fx.From(func(yield func(int) bool) {
		for i := 0; ; i++ {
			*asked++
			if !yield(i) {
				return
			}
		}
	})
}

// endless is naturals for those who ask from several goroutines.
func endless() fx.Stream[int] { return naturals(new(int)) }

func upTo(n int) fx.Stream[int] { return fx.From(count(n)) }

// failing yields 0 to n-1 and then panics.
func failing(n int, value any) fx.Stream[int] {
	return fx.From(func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
		panic(value)
	})
}

func isEven(n int) bool { return n%2 == 0 }

func collect[T any](s iter.Seq2[T, error]) (items []T, errs []error) {
	for v, err := range s {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		items = append(items, v)
	}
	return items, errs
}

// requirePanic requires that fn panics with a *weir.Panic of value, which has the
// stack of the goroutine that panicked first.
func requirePanic(t *testing.T, value any, fn func()) {
	t.Helper()
	defer func() {
		t.Helper()
		p, ok := recover().(*weir.Panic)
		require.True(t, ok, "panicked with %T", p)
		require.Equal(t, value, p.Value)
		require.Contains(t, string(p.Stack), "panic(")
	}()
	fn()
	require.Fail(t, "returned")
}

// exits reports whether fn calls runtime.Goexit.
func exits(fn func()) (exited bool) {
	exited = true
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
		exited = false
	}()
	<-done
	return exited
}
