package main

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// ask sends one request to h and returns the status of the answer.
func ask(h http.Handler) int {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
	return rec.Code
}

// flood sends so many requests to h at once, and returns how long it takes until
// all are answered.
func flood(t *testing.T, h http.Handler, requests int) time.Duration {
	t.Helper()
	begin := time.Now()
	var all sync.WaitGroup
	for range requests {
		all.Go(func() {
			if code := ask(h); code != http.StatusOK {
				t.Errorf("status %d", code)
			}
		})
	}
	all.Wait()
	return time.Since(begin)
}

func TestCloseEndsAllRequestsAtOnce(t *testing.T) {
	for name, newBackend := range map[string]func() backend{
		"pool": func() backend { return newPool(1, time.Hour) },
		"core": func() backend { return newCore(int(time.Hour/quantum), 1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { expectClose(t, newBackend()) })
		})
	}
}

func expectClose(t *testing.T, b backend) {
	t.Helper()
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if code := ask(b); code != http.StatusServiceUnavailable {
				t.Errorf("status %d", code)
			}
		})
	}
	synctest.Wait()
	begin := time.Now()
	b.close()
	all.Wait()
	if took := time.Since(begin); took != 0 {
		t.Errorf("close took %v", took)
	}
	if code := ask(b); code != http.StatusServiceUnavailable {
		t.Errorf("status %d after close", code)
	}
}

func TestLatenessIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoorkeeper()
		for _, late := range []time.Duration{0, 30 * time.Millisecond, 10 * time.Millisecond} {
			if !d.stay(time.Now().Add(-late)) {
				t.Error("sent away")
			}
		}
		if !d.stay(time.Now().Add(time.Hour)) || d.stall() != 30*time.Millisecond {
			t.Errorf("stall %v", d.stall())
		}
		d.close()
	})
}
