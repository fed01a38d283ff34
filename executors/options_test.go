package executors_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/executors"
)

func nothing(context.Context, []int) error { return nil }

func TestImpossibleOptions(t *testing.T) {
	type validator interface{ Validate() error }
	type bulk = executors.BulkOptions[int]
	type chunk = executors.ChunkOptions[int]
	type periodical = executors.PeriodicalOptions[int, []int]
	for text, all := range map[string][]validator{
		"Handle must not be nil":          {bulk{}, chunk{SizeOf: size}, periodical{Container: &heap{}}},
		"Container must not be nil":       {periodical{Handle: nothing}},
		"SizeOf must not be nil":          {chunk{Handle: nothing}},
		"Do must not be nil":              {executors.DelayOptions{}},
		"Delay must not be negative":      {executors.DelayOptions{Do: func(context.Context) {}, Delay: -1}},
		"Size must not be negative":       {bulk{Handle: nothing, Size: -1}},
		"Bytes must not be negative":      {chunk{Handle: nothing, SizeOf: size, Bytes: -1}},
		"MaxPending must not be negative": {bulk{Handle: nothing, MaxPending: -1}, chunk{Handle: nothing, SizeOf: size, MaxPendingBytes: -1}, periodical{Handle: nothing, Container: &heap{}, MaxPending: -1}},
		"Workers must be 0 to 1,048,576":  {bulk{Handle: nothing, Workers: -1}, bulk{Handle: nothing, Workers: 1<<20 + 1}},
		"Retry.Max must not be negative or less than Base": {
			bulk{Handle: nothing, Retry: executors.Retry{Max: -1}},
			bulk{Handle: nothing, Retry: executors.Retry{Base: 2, Max: 1}},
			bulk{Handle: nothing, Retry: executors.Retry{Max: time.Millisecond}}, // less than the default of Base
		},
	} {
		for _, o := range all {
			want := "executors: " + text
			require.EqualError(t, o.Validate(), want)
			require.PanicsWithValue(t, want, func() {
				switch o := o.(type) {
				case bulk:
					executors.NewBulk(o)
				case chunk:
					executors.NewChunk(o)
				case periodical:
					executors.NewPeriodical(o)
				case executors.DelayOptions:
					executors.NewDelay(o)
				}
			})
		}
	}
}

func TestLargestOptionsDoNotOverflow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: math.MaxInt, Workers: 1 << 20, Interval: math.MaxInt64,
			Retry: executors.Retry{Attempts: math.MaxInt, Base: math.MaxInt64}, Handle: l.handle})
		require.NoError(t, executors.BulkOptions[int]{Handle: nothing, Retry: executors.Retry{Base: -1, Max: 1}}.Validate())
		addAll(t, b, 1, 2)
		require.NoError(t, b.Flush(background()))
		c := executors.NewChunk(executors.ChunkOptions[int]{Bytes: math.MaxInt, SizeOf: func(int) int { return math.MaxInt }, Handle: l.handle})
		addAll(t, c, 3, 4)
		require.NoError(t, c.Close(background()))
		require.NoError(t, b.Close(background()))
		require.Equal(t, []batch{{0, []int{1, 2}}, {0, []int{3}}, {0, []int{4}}}, l.batches())
	})
}
