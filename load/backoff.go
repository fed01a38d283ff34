package load

import "math"

// A backoff lowers the limits while calls keep running into their deadlines. To the
// law such a call is one that took that long; that a queue made it late is seen in its
// latency. But a call may also give up while its work goes on further down, where
// nobody can see it. Then only fewer calls help, whatever latencies say.
type backoff struct {
	late float64 // share of the calls that ran into their deadlines, lately
}

const (
	backoffMemory = 10  // usual latencies after which what happened counts for a third
	backoffFrom   = 0.1 // share of late calls that is taken to be bad luck
	backoffLeast  = 0.2 // the lowest factor
)

// learn takes in a window: how many calls ended, and how many of them late.
func (b *backoff) learn(length, usual, ended, late float64) {
	if ended > 0 {
		b.late += (1 - math.Exp(-length/(backoffMemory*max(1, usual)))) * (late/ended - b.late)
	}
}

// factor returns what the limits are multiplied by.
func (b *backoff) factor() float64 {
	return min(1, max(backoffLeast, 1-(b.late-backoffFrom)/(1-backoffFrom)))
}
