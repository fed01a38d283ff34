package suite_test

import (
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/suite"
)

func TestDistantTimesEachOperationAndCountsTrips(t *testing.T) {
	var ops atomic.Int64
	subject := &suite.Distant{
		Ask: func() bool {
			ops.Add(1)
			time.Sleep(time.Millisecond)
			return false
		},
		Callers: 4,
		Server:  os.Getpid(),
		Trips:   func() (int, error) { return 3 * int(ops.Load()), nil },
	}
	s, err := subject.Measure(quick)
	require.NoError(t, err)
	require.GreaterOrEqual(t, s.P50Ns, 1e6)
	require.GreaterOrEqual(t, s.P99Ns, s.P50Ns)
	require.GreaterOrEqual(t, s.NsPerOp, 1e6/4)
	require.Equal(t, 3.0, s.TripsPerOp)
}

func TestDistantFailsWhenAnOperationIsOdd(t *testing.T) {
	n := 0
	subject := &suite.Distant{
		Ask:     func() bool { n++; time.Sleep(time.Millisecond); return n%10 == 0 },
		Callers: 1,
		Trips:   func() (int, error) { return 0, nil },
	}
	_, err := subject.Measure(quick)
	require.ErrorContains(t, err, "did not do the work")
}

func TestTargetsOfDistantSubjectsNameWhatTheyCompare(t *testing.T) {
	require.Equal(t, "weir <= 1.2 x p99 of bare", suite.P99Ratio("weir", 1.2, "bare").String())
	require.Equal(t, "weir <= 0.01 trips", suite.Trips("weir", 0.01).String())
}
