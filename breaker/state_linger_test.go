package breaker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

// At the threshold the drop ratio comes and goes with every call. Whoever watches
// the state must not hear of each.
func TestStateDoesNotFlapAtTheThreshold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changes := 0
		b := breaker.New(breaker.Options{
			Protection: -1, Confidence: -1, TripAfter: -1,
			OnStateChange: func(breaker.StateChange) { changes++ },
		})
		// All calls are admitted beforehand, so that no refusal shifts the balance.
		permits := make([]weir.Permit, 3000)
		for i := range permits {
			var err error
			permits[i], err = b.Allow(t.Context())
			require.NoError(t, err)
		}
		flips, refusing := 0, false
		for i, p := range permits { // one in three fails: exactly what K = 1.5 bears
			if i%3 == 2 {
				p.Done(weir.Failure)
			} else {
				p.Done(weir.Success)
			}
			if now := b.Stats().DropRatio > 0; now != refusing {
				flips, refusing = flips+1, now
			}
			time.Sleep(10 * time.Millisecond)
		}
		require.Greater(t, flips, 100, "the scenario does not do what it is for")
		require.Less(t, changes, 10)
	})
}
