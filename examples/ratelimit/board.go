package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// A snapshot is what was counted up to a moment.
type snapshot struct {
	at      time.Time
	allowed []int64 // per replica
	refused int64
	up      bool // whether the store is
	away    int  // replicas that are on their own
}

// A board shows what happens between one snapshot and the next.
type board struct {
	out   io.Writer
	begin time.Time
	last  snapshot
}

func (b *board) start(o options, now time.Time) {
	b.begin = now
	b.last = snapshot{at: now, allowed: make([]int64, o.replicas)}
	fmt.Fprintf(b.out, "%d replicas share %d events/s, %d at once; they are asked for twice as many. Allowed:\n",
		o.replicas, o.rate, o.burst())
	fmt.Fprintf(b.out, "%7s", "time")
	for i := range o.replicas {
		fmt.Fprintf(b.out, "%11s", fmt.Sprintf("replica %d", i+1))
	}
	fmt.Fprintf(b.out, "%8s%9s  %s\n", "sum", "refused", "Redis")
}

func (b *board) row(s snapshot) {
	fmt.Fprintf(b.out, "%6.1fs", s.at.Sub(b.begin).Seconds())
	sum := int64(0)
	for i, n := range s.allowed {
		n -= b.last.allowed[i]
		sum += n
		fmt.Fprintf(b.out, "%11d", n)
	}
	fmt.Fprintf(b.out, "%8d%9d  %s\n", sum, s.refused-b.last.refused, s.state())
	b.last = s
}

func (s snapshot) state() string {
	state := "down"
	if s.up {
		state = "up"
	}
	if s.away > 0 {
		state += fmt.Sprintf(", %d on their own", s.away)
	}
	return state
}

// Verdict says in a few words how it went.
func (res result) Verdict() string {
	var each []string
	for _, n := range res.Allowed {
		each = append(each, fmt.Sprint(n))
	}
	return fmt.Sprintf("%d events allowed in %.1f s (%s); %d errors.\n"+
		"With Redis all the time it would have been at most %d, with what replicas may do on their own at most %d.\n"+
		"Redis was away for %.1f s as the replicas saw it.",
		res.AllowedTotal, res.Seconds, strings.Join(each, " + "), res.Errors,
		res.Burst+int(float64(res.Rate)*res.Seconds), res.AtMost, res.DegradedSeconds)
}
