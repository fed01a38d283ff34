package batch_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/concurrency/batch"
	"github.com/weirgo/weir/bench/internal/suite"
)

var kept []byte

func TestBatchSharesItsCostOutAmongItems(t *testing.T) {
	b := &batch.Batch{Items: 10, Run: func() bool {
		for range 20 {
			kept = make([]byte, 4096)
		}
		time.Sleep(time.Millisecond)
		return true
	}}
	s, err := b.Measure(suite.Setting{CPUs: 2, Time: 10 * time.Millisecond})
	require.NoError(t, err)
	require.GreaterOrEqual(t, s.NsPerOp, 1e5)
	require.InDelta(t, 2, s.AllocsPerOp, 1)
	require.GreaterOrEqual(t, s.BytesPerOp, 8192.0)
}

func TestBatchRunsAsOftenAsTheTimeAllows(t *testing.T) {
	runs := 0
	b := &batch.Batch{Items: 1, Run: func() bool {
		runs++
		time.Sleep(20 * time.Millisecond)
		return true
	}}
	_, err := b.Measure(suite.Setting{CPUs: 1, Time: time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, 3, runs, "one to see how long it takes, one to warm up, one that counts")
}

func TestBatchFailsWhenAResultIsWrong(t *testing.T) {
	runs := 0
	b := &batch.Batch{Items: 1, Run: func() bool {
		runs++
		time.Sleep(time.Millisecond)
		return runs%10 != 0
	}}
	_, err := b.Measure(suite.Setting{CPUs: 1, Time: 100 * time.Millisecond})
	require.ErrorContains(t, err, "did not do the work")
}
