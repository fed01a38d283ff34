package breaker

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const writers = 64

// together runs fn on each of the writers and waits for all of them.
func together(fn func(writer int)) {
	var wg sync.WaitGroup
	for writer := range writers {
		wg.Go(func() { fn(writer) })
	}
	wg.Wait()
}

// In each round the writers reuse all buckets, and fight for who retires what the
// round before left there. Meanwhile somebody reads the totals: they never fall
// and never exceed what was counted, and at rest they are exact.
func TestTotalsAreExactUnderContention(t *testing.T) {
	for _, n := range []int{2, 8, 40} {
		t.Run(fmt.Sprintf("%d buckets", n), func(t *testing.T) {
			const rounds = 60
			b := New(Options{Window: time.Second, Buckets: n})
			var begun [kinds]atomic.Uint64
			var done atomic.Bool
			var reader sync.WaitGroup
			var fault atomic.Pointer[string]
			reader.Go(func() {
				for last := [kinds]uint64{}; !done.Load(); {
					for kind := range kinds {
						got := b.total(kind)
						if most := begun[kind].Load(); got < last[kind] || got > most {
							text := fmt.Sprintf("kind %d: %d after %d, at most %d", kind, got, last[kind], most)
							fault.Store(&text)
							return
						}
						last[kind] = got
					}
				}
			})
			for round := range rounds {
				first := uint32((round + 2) * n)
				together(func(writer int) {
					for i := range n + 10 {
						kind := (i + writer) % kinds
						begun[kind].Add(1)
						b.window.add(kind, first+uint32((i*7+writer)%n))
					}
				})
				for kind := range kinds {
					require.Equal(t, begun[kind].Load(), b.window.total(kind))
				}
			}
			done.Store(true)
			reader.Wait()
			if text := fault.Load(); text != nil {
				t.Fatal(*text)
			}
			for kind := range kinds {
				require.Equal(t, begun[kind].Load(), b.total(kind))
			}
		})
	}
}

func TestCountsAreExactWithinOneEpoch(t *testing.T) {
	const each = 3000
	w := newWindow(time.Second, 4)
	together(func(int) {
		for i := range each {
			w.add(i%kinds, 6)
		}
	})
	h := w.history(6)
	require.Equal(t, history{
		accepted: writers * each / kinds, failed: writers * each / kinds, refused: writers * each / kinds,
	}, h)
}

// Forgiving takes counts out of the window, not out of the totals, whoever counts
// at the same moment.
func TestForgivingLosesNoTotals(t *testing.T) {
	w := newWindow(time.Second, 4)
	together(func(writer int) {
		for range 500 {
			w.add(failed, 6)
			if writer%8 == 0 {
				w.forgive(6)
			}
		}
	})
	require.Equal(t, uint64(writers*500), w.total(failed))
	w.forgive(6)
	require.Zero(t, w.history(6))
	require.Equal(t, uint64(writers*500), w.total(failed))
}
