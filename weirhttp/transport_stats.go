package weirhttp

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

// A TransportTry is what became of one try of a [Transport].
type TransportTry struct {
	Request  *http.Request // of the caller
	Number   int           // of the tries of the same call, counted from 1
	Hedge    bool          // it was sent because another one took long
	Status   int           // 0 without a response
	Err      error         // nil with one; a refusal is weir.ErrRejected
	Outcome  weir.Outcome  // before the body; a Success may still become a Failure
	Duration time.Duration // until the header was there, time in the queues of limits included
}

// A TransportCall is what became of one RoundTrip of a [Transport].
type TransportCall struct {
	Request  *http.Request
	Tries    int           // refused ones included
	Status   int           // 0 without a response
	Err      error         // nil with one
	Duration time.Duration // until the header was there, pauses included
}

// TransportStats is a snapshot of a [Transport]. The first two are gauges, the
// others counters that only grow.
type TransportStats struct {
	// InFlight is how many tries have a place: those that wait for one in a queue,
	// or for an answer, and those whose body is still open, where that matters
	// to a breaker, a limit or a hedge.
	InFlight int
	// Hosts is how many keys have a limit or latencies of their own.
	Hosts int

	Calls     uint64 // of RoundTrip
	Tries     uint64 // refused ones included
	Retries   uint64
	Hedges    uint64
	HedgesWon uint64 // whose answer was the first good one
	Refused   uint64 // tries that a breaker or a limit did not admit
	TimedOut  uint64 // tries without an answer within TryTimeout
}

type transportCounts struct {
	inFlight                                                     atomic.Int64
	calls, tries, retries, hedges, hedgesWon, refusals, timedOut atomic.Uint64
}

func (c *transportCounts) refuse(err error) {
	if errors.Is(err, weir.ErrRejected) {
		c.refusals.Add(1)
	}
}

// Stats returns a snapshot. Under concurrent use the numbers are of slightly
// different moments.
func (t *Transport) Stats() TransportStats {
	c := &t.counts
	st := TransportStats{
		InFlight:  int(c.inFlight.Load()),
		Retries:   c.retries.Load(),
		HedgesWon: c.hedgesWon.Load(),
		Hedges:    c.hedges.Load(),
		Refused:   c.refusals.Load(),
		TimedOut:  c.timedOut.Load(),
		Tries:     c.tries.Load(),
		Calls:     c.calls.Load(),
	}
	if t.hosts != nil {
		st.Hosts = t.hosts.len()
	}
	return st
}

// Metrics implements [weir.Source]: those of the transport, of its budget, its
// limits and its breakers.
func (t *Transport) Metrics(yield func(weir.Metric) bool) {
	stopped := false
	each := func(m weir.Metric) bool {
		stopped = stopped || !yield(m)
		return !stopped
	}
	t.own(each)
	sources := []weir.Source{t.opts.Budget} // nil has none
	if t.limit != nil {
		sources = append(sources, t.limit)
	}
	if t.hosts != nil && t.opts.HostLimit.Max > 0 {
		for _, h := range t.hosts.all() {
			sources = append(sources, h.limit)
		}
	}
	if t.breakers != nil {
		sources = append(sources, t.breakers)
	}
	for _, s := range sources {
		if stopped {
			return
		}
		s.Metrics(each)
	}
}

func (t *Transport) own(yield func(weir.Metric) bool) {
	st := t.Stats()
	labels := []weir.Label{{Name: "name", Value: t.opts.Name}}
	for _, m := range []weir.Metric{
		{Name: "weir_transport_in_flight", Help: "Tries in flight, open bodies included.", Value: float64(st.InFlight)},
		{Name: "weir_transport_calls_total", Help: "Calls of RoundTrip.", Kind: weir.Counter, Value: float64(st.Calls)},
		{Name: "weir_transport_tries_total", Help: "Tries, retries, hedges and refused ones included.", Kind: weir.Counter, Value: float64(st.Tries)},
		{Name: "weir_transport_retries_total", Help: "Tries that followed one that failed.", Kind: weir.Counter, Value: float64(st.Retries)},
		{Name: "weir_transport_hedges_total", Help: "Tries that were sent because another one took long.", Kind: weir.Counter, Value: float64(st.Hedges)},
		{Name: "weir_transport_hedges_won_total", Help: "Hedges whose answer was the first good one.", Kind: weir.Counter, Value: float64(st.HedgesWon)},
		{Name: "weir_transport_refused_total", Help: "Tries that a breaker or a limit did not admit.", Kind: weir.Counter, Value: float64(st.Refused)},
		{Name: "weir_transport_timed_out_total", Help: "Tries without an answer in time.", Kind: weir.Counter, Value: float64(st.TimedOut)},
	} {
		m.Labels = labels
		if !yield(m) {
			return
		}
	}
}

// startClock reads the clock if somebody wants to know.
func (y *try) startClock() time.Time {
	if y.call.t.opts.OnTry == nil {
		return time.Time{}
	}
	return time.Now()
}

func (y *try) tell(resp *http.Response, err error, o weir.Outcome, began time.Time) {
	y.call.t.opts.OnTry(TransportTry{
		Request: y.call.req, Number: int(y.number), Hedge: y.hedge,
		Status: statusOf(resp), Err: err, Outcome: o, Duration: time.Since(began),
	})
}
