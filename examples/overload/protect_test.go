package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// On a machine where all but the backend's work takes no time, the figures are the
// same in each run but for chance in the shedder.
func TestProtectedServerHoldsAtThreeTimesItsCapacity(t *testing.T) {
	for name, newPlan := range scenarios {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { expectHold(t, idealPlan(newPlan())) })
		})
	}
}

func TestBareServerCollapsesAtThreeTimesItsCapacity(t *testing.T) {
	for name, newPlan := range scenarios {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := idealPlan(newPlan())
				f := rehearse(p, bare, 3*p.capacity)
				if f.Goodput > 0.05*p.capacity {
					t.Errorf("answered %v/s in time: %+v", f.Goodput, f)
				}
			})
		})
	}
}

func expectHold(t *testing.T, p plan) {
	t.Helper()
	f := rehearse(p, protect, 3*p.capacity)
	if f.Goodput < 0.95*p.capacity || f.P99 >= milliseconds(p.deadline) || f.Late > 0 {
		t.Errorf("capacity %v/s: %+v", p.capacity, f)
	}
}

// idealPlan is p for a bubble, where burning takes no time, and so cannot be
// calibrated.
func idealPlan(p plan) plan {
	if p.scenario == cpu {
		p.backend = func() backend { return newCore(cpuQuanta, 1) }
		p.capacity = 1 / (cpuQuanta * quantum).Seconds()
	}
	return p
}

// rehearse is client.run without a network: it must run in a bubble.
func rehearse(p plan, wrap func(plan, http.Handler) http.Handler, rate float64) figures {
	b := p.backend()
	h := wrap(p, b)
	var ta tally
	var users sync.WaitGroup
	begin := time.Now()
	for offset := range arrivals(rate, 1) {
		if offset >= p.warmup+p.measure {
			break
		}
		time.Sleep(time.Until(begin.Add(offset)))
		users.Go(func() {
			e, took := visit(p, h)
			if offset >= p.warmup {
				ta.offer(0)
				ta.end(e, took)
			}
		})
	}
	time.Sleep(p.patience)
	b.close() // whoever is still inside has been given up
	users.Wait()
	return ta.figures(p.measure)
}

func visit(p plan, h http.Handler) (ending, time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), p.patience)
	defer cancel()
	begin := time.Now()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	took := min(time.Since(begin), p.patience)
	switch {
	case rec.Code == http.StatusOK && took <= p.deadline:
		return good, took
	case took > p.deadline || rec.Code == http.StatusGatewayTimeout:
		return late, took
	}
	return refused, took
}
