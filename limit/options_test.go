package limit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

func TestImpossibleOptionsAreErrorsAndPanics(t *testing.T) {
	const (
		badMax   = "limit: ConcurrencyOptions.Max must be 1 to 1048576"
		badQueue = "limit: ConcurrencyOptions.MaxQueue must be at most 1048576"
	)
	for name, c := range map[string]struct {
		o    limit.ConcurrencyOptions
		want string
	}{
		"no max":         {limit.ConcurrencyOptions{}, badMax},
		"negative max":   {limit.ConcurrencyOptions{Max: -1}, badMax},
		"max too large":  {limit.ConcurrencyOptions{Max: 1<<20 + 1}, badMax},
		"queue too long": {limit.ConcurrencyOptions{Max: 1, MaxQueue: 1<<20 + 1}, badQueue},
		"both":           {limit.ConcurrencyOptions{MaxQueue: 1<<20 + 1}, badMax},
	} {
		t.Run(name, func(t *testing.T) {
			require.EqualError(t, c.o.Validate(), c.want)
			require.PanicsWithValue(t, c.want, func() { limit.NewConcurrency(c.o) })
		})
	}
}

func TestExtremeOptionsArePossible(t *testing.T) {
	for name, o := range map[string]limit.ConcurrencyOptions{
		"smallest": {Max: 1},
		"largest":  {Max: 1 << 20, MaxQueue: 1 << 20, MaxWait: 1<<63 - 1, MaxHold: 1<<63 - 1},
		"negative": {Max: 1, MaxQueue: -1 << 31, MaxWait: -1 << 63, MaxHold: -1 << 63},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, o.Validate())
			l := limit.NewConcurrency(o)
			settle(take(t, l, 1)...)
			require.Equal(t, o.Max, l.Stats().Max)
		})
	}
}

func TestNegativeMaxQueueIsNone(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: -5, MaxWait: time.Hour})
	take(t, l, 1)
	_, err := l.Allow(t.Context())
	require.Same(t, limit.ErrFull, err)
}

func TestMaxQueueIsNoneByDefault(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxWait: time.Hour})
	take(t, l, 1)
	_, err := l.Allow(t.Context())
	require.Same(t, limit.ErrFull, err)
}
