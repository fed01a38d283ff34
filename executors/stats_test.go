package executors_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/executors"
)

func TestStatsAndMetricsTellTheSame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Name: "events", Size: 2, MaxPending: 6,
			Retry:  executors.Retry{Attempts: 2, Base: -1},
			Handle: failing(l, errors.New("down"), errors.New("down"), waitFor(time.Minute))})
		addAll(t, b, upTo(1, 8)...) // two are given up; the next are in a pause; the last are queued
		synctest.Wait()
		go func() { _ = b.Add(background(), 9) }()
		synctest.Wait()
		st := b.Stats()
		require.Equal(t, executors.Stats{Pending: 6, Queued: 2, Running: 1, Waiting: 1, Accepted: 8, Failed: 2, Batches: 1, Retries: 1}, st)

		metrics := map[string]float64{}
		counters := 0
		b.Metrics(func(m weir.Metric) bool {
			require.Equal(t, []weir.Label{{Name: "name", Value: "events"}}, m.Labels)
			require.NotEmpty(t, m.Help)
			metrics[m.Name] = m.Value
			if m.Kind == weir.Counter {
				counters++
			}
			return true
		})
		require.Equal(t, map[string]float64{
			"weir_executor_pending": 6, "weir_executor_filling": 0, "weir_executor_queued_batches": 2,
			"weir_executor_running_batches": 1, "weir_executor_waiting": 1, "weir_executor_accepted_total": 8,
			"weir_executor_handled_total": 0, "weir_executor_failed_total": 2, "weir_executor_batches_total": 1,
			"weir_executor_retries_total": 1, "weir_executor_refused_total": 0,
		}, metrics)
		require.Equal(t, 6, counters)
		seen := 0
		b.Metrics(func(weir.Metric) bool { seen++; return seen < 3 })
		require.Equal(t, 3, seen)

		time.Sleep(time.Hour)
		require.NoError(t, b.Close(background()))
		requireSettled(t, b.Stats())
	})
}

func TestAllExecutorsAreSources(t *testing.T) {
	var c executors.Chunk[int]
	var p executors.Periodical[int, []int]
	var d executors.Delay
	for _, s := range []weir.Source{new(executors.Bulk[int]), &c, &p, &d} {
		require.NotNil(t, s)
	}
	chunk := executors.NewChunk(executors.ChunkOptions[int]{Name: "c", SizeOf: size, Handle: nothing})
	periodical := executors.NewPeriodical(executors.PeriodicalOptions[int, []int]{Name: "p", Container: &heap{}, Handle: nothing})
	delay, _ := newDelay(time.Second, 0)
	for _, s := range []weir.Source{chunk, periodical, delay} {
		n := 0
		s.Metrics(func(weir.Metric) bool { n++; return true })
		require.Equal(t, 11, n)
	}
}
