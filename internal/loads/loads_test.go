package loads_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/loads"
)

func newBook() (b *loads.Book[string], forgotten *[]string) {
	forgotten = new([]string)
	return &loads.Book[string]{Forget: func(key string) { *forgotten = append(*forgotten, key) }}, forgotten
}

func TestAWriteOverrulesTheLoadsBeforeIt(t *testing.T) {
	b, forgotten := newBook()
	x, y := b.Begin("x"), b.Begin("y")
	b.Overrule("x", "z")
	after := b.Begin("x")
	require.Equal(t, []bool{true, false, false}, []bool{x.Overruled(), y.Overruled(), after.Overruled()})
	require.Equal(t, []string{"x"}, *forgotten)
	b.Finish("x", x)
	b.OverruleAll()
	require.True(t, after.Overruled())
	require.True(t, y.Overruled())
	require.ElementsMatch(t, []string{"x", "x", "y"}, *forgotten)
}

func TestTheLatestLoadOfAKeyIsTheOneThatCounts(t *testing.T) {
	b, forgotten := newBook()
	joined := b.Begin("k")
	late := b.Begin("k") // of a flight that was left before, and begins only now
	require.True(t, joined.Overruled())
	require.False(t, late.Overruled())
	b.Finish("k", late)
	b.Overrule("k") // joined runs still: nobody may join it any more
	require.Equal(t, []string{"k"}, *forgotten)
	b.Finish("k", joined)
	b.Overrule("k")
	require.Equal(t, []string{"k"}, *forgotten)
}

func TestCloseWaitsForLoadsAndRefreshesAndLetsNoneBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook()
		f := b.Begin("x")
		require.True(t, b.Claim("y"))
		require.False(t, b.Claim("y"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, b.Close(ctx))
		require.Nil(t, b.Begin("z"))
		require.False(t, b.Claim("z"))
		time.AfterFunc(time.Second, func() { b.Finish("x", f) })
		time.AfterFunc(2*time.Second, func() { b.Unclaim("y") })
		begin := time.Now()
		require.NoError(t, b.Close(t.Context()))
		require.Equal(t, 2*time.Second, time.Since(begin))
		require.NoError(t, b.Close(t.Context()))
	})
}
