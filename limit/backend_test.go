package limit

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Else whoever chooses keys of one limiter could use up, or under higher rates
// refresh, those of another one.
func TestNoKeyOfANamedLimiterIsOneOfAnother(t *testing.T) {
	s := newFakeStore()
	for _, c := range []struct{ name, key, stored string }{
		{"a", "b:c", "a:b:c"},
		{"a:b", "c", "a%3Ab:c"},
		{"a%3Ab", "c", "a%253Ab:c"},
		{"", "c", "c"},
	} {
		l := NewToken(TokenOptions{Name: c.name, Rate: PerHour(1), Store: s})
		d, err := l.Allow(t.Context(), c.key)
		require.NoError(t, err)
		require.Equal(t, Decision{Allowed: true, Limit: 1, ResetAfter: d.ResetAfter}, d)
		require.Equal(t, c.stored, s.calls[len(s.calls)-1].key)
	}
}
