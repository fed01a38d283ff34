package breaker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

// detailed collects details, as "key: value".
func detailed(details func(func(key, value string) bool)) (lines []string) {
	details(func(key, value string) bool {
		lines = append(lines, key+": "+value)
		return true
	})
	return lines
}

func TestDetailsTellStateSinceAndReasons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := lenient()
		require.Equal(t, []string{"state: closed"}, detailed(b.Details))
		because(b, "timeout")
		time.Sleep(time.Second)
		because(b, "refused", "refused")
		require.Equal(t, []string{
			"state: closed",
			"reason: refused (2 times, last at 2000-01-01T00:00:01Z)",
			"reason: timeout (once, at 2000-01-01T00:00:00Z)",
		}, detailed(b.Details))
		b.Force(breaker.Open)
		time.Sleep(500 * time.Millisecond)
		require.Equal(t, []string{
			"state: open",
			"since: 2000-01-01T00:00:01Z",
			"next probe: 2000-01-01T00:00:02Z",
		}, detailed(b.Details)[:3])
		b.Force(breaker.ForcedOpen)
		require.Equal(t, []string{"state: forced-open"}, detailed(b.Details)[:1])
		require.Len(t, detailed(b.Details), 3)
	})
}

func TestDetailsStopWhenToldTo(t *testing.T) {
	b := lenient()
	because(b, "a", "b")
	b.Force(breaker.Open)
	all := len(detailed(b.Details))
	require.Equal(t, 5, all)
	for stop := 1; stop <= all; stop++ {
		yielded := 0
		b.Details(func(string, string) bool {
			yielded++
			return yielded < stop
		})
		require.Equal(t, stop, yielded)
	}
}

func TestPartsOfAGroupAreItsBreakers(t *testing.T) {
	g := breaker.NewGroup[string](breaker.GroupOptions{})
	want := []weir.Source{g.Get("a"), g.Get("b")}
	for stop := 1; stop <= 3; stop++ {
		var got []weir.Source
		for part := range g.Parts() {
			if got = append(got, part); len(got) == stop {
				break
			}
		}
		require.Len(t, got, stop)
		if stop == 3 {
			require.ElementsMatch(t, want, got[:2])
			require.Same(t, g.Overflow(), got[2])
		}
	}
}
