package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestMeasuredCapacityIsNeverAboveTheQuota(t *testing.T) {
	p := cpuPlan()
	got, err := measureCapacity(t.Context(), p)
	if top := 1 / (cpuQuanta * quantum).Seconds(); err != nil || got <= 0 || got > top {
		t.Errorf("measured %v of %v, %v", got, top, err)
	}
}

func TestCapacityOfABrokenServerIsAnError(t *testing.T) {
	p := cpuPlan()
	p.backend = func() backend { return brokenBackend{} }
	_, err := measureCapacity(t.Context(), p)
	if err == nil || !strings.Contains(err.Error(), "status 500") {
		t.Errorf("got %v", err)
	}
}

type brokenBackend struct{}

func (brokenBackend) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusInternalServerError)
}

func (brokenBackend) stall() time.Duration { return 0 }
func (brokenBackend) close()               {}

func TestKnownCapacityIsNotMeasured(t *testing.T) {
	var log strings.Builder
	p := slowBackendPlan()
	p.backend = nil
	got, err := sized(t.Context(), p, &screen{out: &log})
	if err != nil || got.capacity != 250 || log.Len() > 0 {
		t.Errorf("capacity %v, %v, said %q", got.capacity, err, log.String())
	}
}
