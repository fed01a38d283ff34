package main

import (
	"crypto/sha256"
	"testing"
	"testing/synctest"
	"time"
)

// In a bubble burning takes no time: what passes is the quota.
func TestCoreServesItsCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newCore(10, 1)
		if took := flood(t, b, 500); took != 500*10*quantum {
			t.Errorf("500 requests took %v", took)
		}
		b.close()
	})
}

func TestIdleCoreAnswersAfterOneServiceTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newCore(10, 1)
		for range 100 {
			if took := flood(t, b, 1); took != 10*quantum {
				t.Fatalf("took %v", took)
			}
			time.Sleep(time.Second)
		}
		b.close()
	})
}

// The second comes in the first one's sixth quantum. From there on each gets every
// other one, until the first has had its ten.
func TestRequestsShareTheCore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newCore(10, 1)
		first := make(chan time.Duration)
		go func() { first <- flood(t, b, 1) }()
		time.Sleep(5*quantum + quantum/2)
		second := make(chan time.Duration)
		go func() { second <- flood(t, b, 1) }()
		if took := <-first; took != 14*quantum {
			t.Errorf("the first took %v", took)
		}
		if took := <-second; took != 14*quantum+quantum/2 {
			t.Errorf("the second took %v", took)
		}
		b.close()
	})
}

// ready is always where the last quantum ended, however late the request is to
// notice; so the second quantum follows the first without a gap.
func TestTimeLostToTheMachineIsMadeUp(t *testing.T) {
	b := newCore(10, 1)
	arrived := time.Now()
	end := b.book(arrived)
	for n := range 10 {
		if want := arrived.Add(time.Duration(n+1) * quantum); !end.Equal(want) {
			t.Fatalf("quantum %d ends %v after the arrival", n, end.Sub(arrived))
		}
		end = b.book(end)
	}
}

func TestIdleTimeIsNotMadeUp(t *testing.T) {
	b := newCore(10, 1)
	first := b.book(time.Now())
	second := first.Add(time.Hour)
	if end := b.book(second); !end.Equal(second.Add(quantum)) {
		t.Errorf("after an hour of idleness a quantum ends %v after it began", end.Sub(second))
	}
}

func TestBurnHashesAsOftenAsAsked(t *testing.T) {
	page := make([]byte, 4<<10)
	for range 3 {
		hash := sha256.Sum256(page)
		copy(page, hash[:])
	}
	if got := burn(3); string(got[:]) != string(page[:len(got)]) {
		t.Errorf("got %x", got)
	}
}
