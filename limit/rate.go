package limit

import (
	"strconv"
	"strings"
	"time"
)

// A Rate is how many events may happen per span of time, in the long run. The
// zero Rate is no rate; limiters refuse it.
type Rate struct {
	Events int           // at least 1
	Per    time.Duration // at least 1 ns
}

// PerSecond returns n events per second.
func PerSecond(n int) Rate { return Rate{n, time.Second} }

// PerMinute returns n events per minute.
func PerMinute(n int) Rate { return Rate{n, time.Minute} }

// PerHour returns n events per hour.
func PerHour(n int) Rate { return Rate{n, time.Hour} }

// String returns the rate as "10/s" or "1000/1h".
func (r Rate) String() string {
	per := r.Per.String()
	if strings.HasSuffix(per, "m0s") {
		per = strings.TrimSuffix(per, "0s")
	}
	if strings.HasSuffix(per, "h0m") {
		per = strings.TrimSuffix(per, "0m")
	}
	if r.Per == time.Second {
		per = "s"
	}
	return strconv.Itoa(r.Events) + "/" + per
}
