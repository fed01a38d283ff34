package main

import (
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestPoolServesItsCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := slowBackendPlan()
		b := p.backend()
		const requests = 5000
		rate := requests / flood(t, b, requests).Seconds()
		if math.Abs(rate/p.capacity-1) > 0.01 {
			t.Errorf("served %.1f requests/s, want %.1f", rate, p.capacity)
		}
		b.close()
	})
}

func TestPoolServesInOrderOfArrival(t *testing.T) {
	b := newPool(1, 10*time.Millisecond)
	now := time.Now()
	last := now
	for range 100 {
		done := b.book(now)
		if !done.After(last) {
			t.Fatalf("booked %v after %v", done, last)
		}
		last = done
	}
}

func TestIdlePoolAnswersAfterOneServiceTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newPool(2, 40*time.Millisecond)
		for range 100 {
			begin := time.Now()
			if code := ask(b); code != http.StatusOK {
				t.Fatalf("status %d", code)
			}
			if took := time.Since(begin); took < 30*time.Millisecond || took > 50*time.Millisecond {
				t.Fatalf("took %v", took)
			}
			time.Sleep(time.Second)
		}
		b.close()
	})
}
