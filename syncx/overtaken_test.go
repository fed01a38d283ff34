package syncx_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

// An overtaken context lets something happen when it is asked for its error for
// the second time: after its caller has seen that nothing is there, and before it
// begins to load it.
type overtaken struct {
	context.Context
	asked int
	by    func()
}

func (o *overtaken) Err() error {
	o.asked++
	if o.asked == 2 {
		o.by()
	}
	return nil
}

func TestWhatAnotherHasBroughtMeanwhileIsNotBroughtAgain(t *testing.T) {
	value := syncx.NewImmutableResource(syncx.ImmutableOptions[int]{Load: numbered()})
	link := syncx.NewManagedResource(syncx.ManagedOptions[int]{Generate: numbered(), Equal: same})
	var hosts clients
	first := new(client)
	for name, get := range map[string]func(context.Context) (any, error){
		"ImmutableResource": func(ctx context.Context) (any, error) { return value.Get(ctx) },
		"ManagedResource":   func(ctx context.Context) (any, error) { return link.Take(ctx) },
		"ResourceManager": func(ctx context.Context) (any, error) {
			return hosts.Get(ctx, "a", func(context.Context) (*client, error) {
				if _, late := ctx.(*overtaken); late {
					t.Error("created in vain")
				}
				return first, nil
			})
		},
	} {
		var before any
		ctx := &overtaken{Context: context.Background(), by: func() {
			v, err := get(context.Background())
			require.NoError(t, err, name)
			before = v
		}}
		v, err := get(ctx)
		require.NoError(t, err, name)
		require.NotNil(t, before, name)
		require.Equal(t, before, v, name)
		require.GreaterOrEqual(t, ctx.asked, 2, name)
	}
	link.MarkBroken(1)
	require.Equal(t, 2, take(t, link), "no other one was generated in vain")
	got, err := hosts.Get(t.Context(), "a", connect(nil, 0))
	require.NoError(t, err)
	require.Same(t, first, got)
}

// A slow context keeps its caller, who has joined another one, from seeing for a
// minute that what both wait for is there.
type slow struct {
	context.Context
	asked bool
}

func (s *slow) Value(any) any {
	if !s.asked {
		s.asked = true
		time.Sleep(time.Minute)
	}
	return nil
}

func TestWhoJoinedIsNotGivenWhatHasBeenFoundBrokenSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := managed(&source{delay: time.Second})
		go func() {
			v, err := r.Take(context.Background())
			require.NoError(t, err)
			r.MarkBroken(v)
		}()
		synctest.Wait()
		v, err := r.Take(&slow{Context: context.Background()})
		require.NoError(t, err)
		require.Equal(t, 2, v)
	})
}

func TestWhoJoinedIsNotGivenWhatHasBeenTakenOutSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m clients
		first, second := new(client), new(client)
		go func() {
			_, err := m.Get(context.Background(), "a", connect(first, time.Second))
			require.NoError(t, err)
			require.NoError(t, m.CloseKey("a"))
		}()
		synctest.Wait()
		c, err := m.Get(&slow{Context: context.Background()}, "a", connect(second, 0))
		require.NoError(t, err)
		require.Same(t, second, c)

		third := new(client)
		require.NoError(t, m.CloseKey("a"))
		go func() {
			_, err := m.Get(context.Background(), "a", connect(third, time.Second))
			require.NoError(t, err)
			require.NoError(t, m.Close(context.Background()))
		}()
		synctest.Wait()
		_, err = m.Get(&slow{Context: context.Background()}, "a", connect(new(client), 0))
		require.Equal(t, syncx.ErrClosed, err)
	})
}
