package limit

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func detailed(details func(func(key, value string) bool)) (lines []string) {
	details(func(key, value string) bool {
		lines = append(lines, key+": "+value)
		return true
	})
	return lines
}

func TestDetailsTellSinceWhenTheStoreIsAwayAndWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		token := NewToken(TokenOptions{Rate: PerSecond(10), Store: s})
		period := NewPeriod(PeriodOptions{Quota: 10, Period: time.Minute, Store: s})
		allow := func() {
			_, err := token.Allow(t.Context(), "k")
			require.NoError(t, err)
			_, err = period.Take(t.Context(), "k")
			require.NoError(t, err)
		}
		allow()
		time.Sleep(time.Second)
		require.Empty(t, detailed(token.Details))
		s.set(failing)
		allow()
		want := []string{"since: 2000-01-01T00:00:01Z", "reason: connection refused"}
		require.Equal(t, want, detailed(token.Details))
		require.Equal(t, want, detailed(period.Details))
		token.Details(func(key, _ string) bool {
			require.Equal(t, "since", key, "it was told to stop")
			return false
		})
		s.set(nil)
		for range 20 {
			time.Sleep(100 * time.Millisecond)
			allow()
		}
		require.Equal(t, want[1:], detailed(token.Details), "the reason stays")
	})
}
