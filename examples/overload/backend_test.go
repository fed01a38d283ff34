package main

import (
	"math"
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

func TestBackendServesItsCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests = 5000
		p := defaultPlan()
		b := newBackend(p.workers, p.service)
		begin := time.Now()
		var all sync.WaitGroup
		for range requests {
			all.Go(func() {
				if code := ask(b); code != http.StatusOK {
					t.Errorf("status %d", code)
				}
			})
		}
		all.Wait()
		rate := requests / time.Since(begin).Seconds()
		if math.Abs(rate/p.capacity()-1) > 0.01 {
			t.Errorf("served %.1f requests/s, want %.1f", rate, p.capacity())
		}
		b.close()
	})
}

func TestBackendServesInOrderOfArrival(t *testing.T) {
	b := newBackend(1, 10*time.Millisecond)
	now := time.Now()
	last := now
	for range 100 {
		done, ok := b.book(now)
		if !ok || !done.After(last) {
			t.Fatalf("booked %v after %v, ok %v", done, last, ok)
		}
		last = done
		b.running.Done()
	}
	b.close()
}

func TestIdleBackendAnswersAfterOneServiceTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackend(2, 40*time.Millisecond)
		for range 100 {
			begin := time.Now()
			ask(b)
			if took := time.Since(begin); took < 30*time.Millisecond || took > 50*time.Millisecond {
				t.Fatalf("took %v", took)
			}
			time.Sleep(time.Second)
		}
		b.close()
	})
}

func TestCloseEndsRequestsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackend(1, time.Hour)
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
	})
}
