package lab_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/bench/lab"
	"github.com/weirgo/weir/internal/simulate"
)

// A peer that is asked in a wrong way would look bad for no fault of its own. What
// each must do follows from what its documentation says.
func TestPeersDoWhatTheyPromise(t *testing.T) {
	at := func(s lab.Subject, load float64) (f lab.Figures) {
		c := lab.Rows()[0].Steady(load)
		c.Seeds = 1
		bubble(t)(func() { f = lab.Measure(c, s)[0] })
		return f
	}
	for _, peer := range lab.Peers() {
		t.Run(peer.Name, func(t *testing.T) {
			calm, much := at(peer, 0.5), at(peer, 3)
			if busy(peer) {
				require.Positive(t, much.Refused)
				require.Less(t, much.LateShare(), 0.01)
				return
			}
			require.Zero(t, calm.Refused, "nobody has a reason to refuse at half load")
			require.Zero(t, calm.Late)
			if strings.HasSuffix(peer.Name, "CPU idle") {
				require.Zero(t, much.Refused)
				require.Less(t, much.Served(), 0.01)
			}
		})
	}
}

func busy(s lab.Subject) bool {
	return strings.HasSuffix(s.Name, "CPU full") || strings.HasSuffix(s.Name, "CPU busy")
}

// The client counts what the server refused as a failure, and a late answer too.
func TestAClientHearsWhatBecameOfItsRequest(t *testing.T) {
	var heard []string
	s := lab.Series{
		Clients: []lab.Client{client(func(o string) { heard = append(heard, o) })},
	}
	for _, answer := range []string{"refused", "good", "late"} {
		s.Server = simulate.GuardFunc(func(simulate.Request) (func(bool), bool) {
			return func(bool) {}, answer != "refused"
		})
		if settle, ok := s.Admit(simulate.Request{}); ok {
			settle(answer == "late")
		}
	}
	require.Equal(t, []string{"overloaded", "success", "failure"}, heard)
	require.Equal(t, 1, s.ByServer)
	require.Zero(t, s.ByClient)
}

// A client that lets everything pass.
type client func(outcome string)

func (c client) Ask(simulate.Request) (func(weir.Outcome), bool) {
	return func(o weir.Outcome) { c(o.String()) }, true
}
