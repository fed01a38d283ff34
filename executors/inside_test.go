package executors_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/executors"
)

// insiders are the ways for a handler to call its executor: itself, with any context,
// and by way of a goroutine that has its context and that it waits for.
var insiders = map[string]func(ctx context.Context, call func(context.Context)){
	"itself":          func(ctx context.Context, call func(context.Context)) { call(ctx) },
	"without context": func(_ context.Context, call func(context.Context)) { call(background()) },
	"derived context": func(ctx context.Context, call func(context.Context)) { call(context.WithValue(ctx, insiderKey{}, 1)) },
	"another goroutine": func(ctx context.Context, call func(context.Context)) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			call(ctx)
		}()
		<-done
	},
}

type insiderKey struct{}

func TestHandlerThatFlushesOrClosesItsOwnExecutorDoesNotWait(t *testing.T) {
	for name, how := range insiders {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				l := newLog()
				var b *executors.Bulk[int]
				b = executors.NewBulk(executors.BulkOptions[int]{Size: 2, Handle: func(ctx context.Context, items []int) error {
					l.add(items)
					how(ctx, func(ctx context.Context) {
						require.Equal(t, executors.ErrInHandler, b.Flush(ctx))
						if items[0] == 3 {
							require.Equal(t, executors.ErrInHandler, b.Close(ctx))
							require.Equal(t, executors.ErrClosed, b.Add(ctx, 0))
						}
					})
					return nil
				}})
				addAll(t, b, upTo(1, 5)...)
				time.Sleep(time.Hour)
				require.Equal(t, []batch{{0, []int{1, 2}}, {0, []int{3, 4}}, {0, []int{5}}}, l.batches(),
					"Close from inside has the rest handled")
				require.NoError(t, b.Close(background()))
			})
		})
	}
}

func TestOnErrorMayCallItsExecutor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		var b *executors.Bulk[int]
		b = executors.NewBulk(executors.BulkOptions[int]{Size: 1, Handle: failing(l, "first", "second"),
			OnError: func(items []int, err error) {
				require.Equal(t, executors.ErrInHandler, b.Flush(background()))
				require.NoError(t, b.Add(background(), 10*items[0]), "once more")
				b.Stats()
			}})
		addAll(t, b, 1)
		time.Sleep(time.Hour)
		require.Equal(t, []int{1, 10, 100}, l.items())
		require.NoError(t, b.Close(background()))
	})
}

func TestAddFromInsideDoesNotWaitForRoom(t *testing.T) {
	for name, how := range insiders {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var errs []error
				var b *executors.Bulk[int]
				b = executors.NewBulk(executors.BulkOptions[int]{Size: 1, MaxPending: 2, Handle: func(ctx context.Context, items []int) error {
					if items[0] == 1 {
						how(ctx, func(ctx context.Context) { errs = append(errs, b.Add(ctx, 2), b.Add(ctx, 3)) })
					}
					return nil
				}})
				addAll(t, b, 1)
				time.Sleep(time.Second)
				require.NoError(t, b.Close(background()))
				require.Equal(t, []error{nil, executors.ErrFull}, errs)
				require.EqualValues(t, 2, b.Stats().Handled)
			})
		})
	}
}

func TestCloseFromInsideWithADoneContextGivesUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l, s := newLog(), newSink()
		var b *executors.Bulk[int]
		b = executors.NewBulk(executors.BulkOptions[int]{Size: 1, OnError: s.take, Handle: func(ctx context.Context, items []int) error {
			l.add(items)
			require.Equal(t, executors.ErrInHandler, b.Close(doneContext()))
			require.ErrorIs(t, ctx.Err(), context.Canceled)
			return nil
		}})
		addAll(t, b, 1, 2, 3)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []int{1}, l.items())
		require.Len(t, s.batches(), 2)
	})
}

func TestOneExecutorMayWaitForAnother(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		second := executors.NewBulk(executors.BulkOptions[int]{Handle: l.handle})
		first := executors.NewBulk(executors.BulkOptions[int]{Handle: func(ctx context.Context, items []int) error {
			for _, v := range items {
				if err := second.Add(ctx, v); err != nil {
					return err
				}
			}
			return second.Flush(ctx)
		}})
		addAll(t, first, 1, 2)
		require.NoError(t, first.Close(background()))
		require.Equal(t, []int{1, 2}, l.items())
		require.NoError(t, second.Close(background()))
	})
}
