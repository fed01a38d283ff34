package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

func texts(reasons []breaker.Reason) (texts []string) {
	for _, r := range reasons {
		texts = append(texts, r.Text)
	}
	return texts
}

// because makes calls fail for the given reasons.
func because(b *breaker.Breaker, reasons ...string) {
	for _, text := range reasons {
		_ = b.Do(context.Background(), func(context.Context) error { return errors.New(text) })
	}
}

func lenient() *breaker.Breaker {
	return breaker.New(breaker.Options{TripAfter: -1, Protection: 1 << 30})
}

func TestReasonsAreTheLastFiveDifferentOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := lenient()
		require.Empty(t, b.Stats().Reasons)
		because(b, "a", "b", "a", "c", "d", "e", "e", "e")
		require.Equal(t, []string{"e", "d", "c", "a", "b"}, texts(b.Stats().Reasons))
		require.Equal(t, []uint64{3, 1, 1, 2, 1}, counts(b.Stats().Reasons))
		time.Sleep(time.Second)
		because(b, "f", "c")
		require.Equal(t, []string{"c", "f", "e", "d", "a"}, texts(b.Stats().Reasons))
		require.Equal(t, []uint64{2, 1, 3, 1, 2}, counts(b.Stats().Reasons))
		require.Equal(t, b.Stats().Reasons[0].Last, time.Now())
		require.Equal(t, b.Stats().Reasons[2].Last, time.Now().Add(-time.Second))
		because(b, "b")
		require.Equal(t, uint64(1), b.Stats().Reasons[0].Count, "b was forgotten meanwhile")
	})
}

func counts(reasons []breaker.Reason) (counts []uint64) {
	for _, r := range reasons {
		counts = append(counts, r.Count)
	}
	return counts
}

func TestReasonsAreCutToValidText(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "",
		strings.Repeat("x", 200):                strings.Repeat("x", 200),
		strings.Repeat("x", 201):                strings.Repeat("x", 200),
		strings.Repeat("x", 199) + "é":          strings.Repeat("x", 199),
		strings.Repeat("x", 198) + "é":          strings.Repeat("x", 198) + "é",
		strings.Repeat("世", 100):                strings.Repeat("世", 66),
		strings.Repeat("x", 1<<20):              strings.Repeat("x", 200),
		"\xff" + strings.Repeat("y", 300) + "!": strings.Repeat("y", 199),
		"bad \xc3 byte":                         "bad  byte",
	} {
		b := lenient()
		because(b, text)
		got := b.Stats().Reasons[0].Text
		require.Equal(t, want, got)
		require.True(t, utf8.ValidString(got))
	}
}

func TestReasonsKeepNoLargeTextAlive(t *testing.T) {
	b := lenient()
	for i := range 5 {
		because(b, fmt.Sprint(i)+strings.Repeat("x", 8<<20))
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	require.Less(t, m.HeapAlloc, uint64(24<<20))
	require.Len(t, b.Stats().Reasons, 5)
}

func TestFailuresWithoutAnErrorHaveAReasonToo(t *testing.T) {
	b := lenient()
	for _, o := range []weir.Outcome{weir.Failure, weir.Overloaded, weir.Success, weir.Ignored} {
		p, err := b.Allow(t.Context())
		require.NoError(t, err)
		p.Done(o)
	}
	require.Panics(t, func() { _ = b.Do(t.Context(), func(context.Context) error { panic("boom") }) })
	together(1, func(int) {
		_ = b.Do(context.Background(), func(context.Context) error { runtime.Goexit(); return nil })
	})
	require.Equal(t, []string{"panic or Goexit", "overloaded", "failed"}, texts(b.Stats().Reasons))
	require.Equal(t, []uint64{2, 1, 1}, counts(b.Stats().Reasons))
}

func TestReasonsSnapshotIsTheCallersOwn(t *testing.T) {
	b := lenient()
	because(b, "a", "b")
	b.Stats().Reasons[0].Text = "mine"
	require.Equal(t, []string{"b", "a"}, texts(b.Stats().Reasons))
}

func TestReasonsAreExactUnderConcurrency(t *testing.T) {
	b := lenient()
	together(64, func(worker int) {
		for range 200 {
			because(b, fmt.Sprint("reason ", worker%5))
			_ = b.Stats()
		}
	})
	var sum uint64
	for _, r := range b.Stats().Reasons {
		sum += r.Count
	}
	require.Len(t, b.Stats().Reasons, 5)
	require.Equal(t, uint64(64*200), sum)
}
