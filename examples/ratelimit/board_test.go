package main

import (
	"strings"
	"testing"
	"time"
)

func TestTheTableShowsWhatWasCountedInEachRow(t *testing.T) {
	var out strings.Builder
	begin := time.Unix(0, 0)
	b := &board{out: &out}
	b.start(options{rate: 200, replicas: 2}, begin)
	b.row(snapshot{at: begin.Add(time.Second), allowed: []int64{120, 100}, refused: 180, up: true})
	b.row(snapshot{at: begin.Add(2 * time.Second), allowed: []int64{225, 200}, refused: 370, away: 2})
	b.row(snapshot{at: begin.Add(2500 * time.Millisecond), allowed: []int64{325, 200}, refused: 370, up: true, away: 1})
	want := `2 replicas share 200 events/s, 20 at once; they are asked for twice as many. Allowed:
   time  replica 1  replica 2     sum  refused  Redis
   1.0s        120        100     220      180  up
   2.0s        105        100     205      190  down, 2 on their own
   2.5s        100          0     100        0  up, 1 on their own
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}

func TestTheVerdictComparesWithWhatIsPromised(t *testing.T) {
	got := result{
		Seconds: 12, Rate: 200, Burst: 20, Allowed: []int64{1300, 1200}, AllowedTotal: 2500, AtMost: 3060, DegradedSeconds: 3.1,
	}.Verdict()
	want := `2500 events allowed in 12.0 s (1300 + 1200); 0 errors.
With Redis all the time it would have been at most 2420, with what replicas may do on their own at most 3060.
Redis was away for 3.1 s as the replicas saw it.`
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestReplicasMayAllowAStandInsShareBesides(t *testing.T) {
	o := options{rate: 200, replicas: 2}
	if got := atMost(o, 10*time.Second, 0); got != 20+20+2000 {
		t.Errorf("without an outage: %d", got)
	}
	if got := atMost(o, 10*time.Second, 2500*time.Millisecond); got != 20+20+2500 {
		t.Errorf("with an outage: %d", got)
	}
	if got := atMost(options{rate: 1, replicas: 8}, time.Second, time.Second); got != 1+8+2 {
		t.Errorf("shares rounded up to one event: %d", got)
	}
}
