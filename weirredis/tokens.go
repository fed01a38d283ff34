package weirredis

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
	"github.com/weirgo/weir/limit"
)

var (
	errNoBuckets = errors.New("weirredis: no buckets")
	errFill      = errors.New("weirredis: a bucket must be full again within 146 years")
)

// TakeTokens takes n events from every bucket of the key, or from none; see
// [limit.Store]. It costs one call of a script. Errors are those of ctx, of
// impossible buckets, and of Redis; the latter name the Redis key and wrap
// go-redis' error. A key that holds something else is an error and is left alone.
func (s *Store) TakeTokens(
	ctx context.Context, key string, n int, within time.Duration, buckets []limit.Bucket,
) (limit.Taken, error) {
	if ctx.Err() != nil {
		return limit.Taken{}, ctxerr.Err(ctx)
	}
	c := call{n: n, buckets: buckets}
	args, err := c.args(within)
	if err != nil {
		return limit.Taken{}, err
	}
	key = s.prefix + "{" + key + "}"
	reply, err := s.run(ctx, s.tokens, key, 2+2*len(buckets), args...)
	if err != nil {
		return limit.Taken{}, err
	}
	return c.taken(reply), nil
}

// A call is what one decision asks of the script.
type call struct {
	n       int
	buckets []limit.Bucket
	never   bool // n is above a burst, so that the script may only look
}

// moved is how many events are taken or given back, or would be: a look is as if
// for one.
func (c *call) moved() uint64 {
	switch {
	case c.n < 0:
		return uint64(-int64(c.n))
	case c.n == 0 || c.never:
		return 1
	}
	return uint64(c.n)
}

func (c *call) args(within time.Duration) ([]any, error) {
	if len(c.buckets) == 0 {
		return nil, errNoBuckets
	}
	longest := uint64(0)
	for _, b := range c.buckets {
		if err := b.Validate(); err != nil {
			return nil, err
		}
		full, ok := rateOf(b.Rate.Events, b.Rate.Per).of(uint64(b.Burst))
		if !ok {
			return nil, errFill
		}
		longest = max(longest, full.q)
		c.never = c.never || c.n > b.Burst
	}
	micros := min(uint64(max(0, within/time.Microsecond)), maxMicros-longest-1)
	sign := 0
	if c.n < 0 {
		sign = -1
	} else if c.n > 0 && !c.never {
		sign = 1
	}
	args := make([]any, len(c.buckets))
	buf := strconv.AppendInt(make([]byte, 0, 128), int64(sign), 10)
	buf = append(appendUint(buf, ' ', micros), ' ')
	for i, b := range c.buckets {
		args[i] = string(appendBucket(buf, b, c.moved()))
		buf = buf[:0]
	}
	return args, nil
}

// appendBucket appends what the script needs to know of a bucket of which so many
// events are taken.
func appendBucket(buf []byte, b limit.Bucket, events uint64) []byte {
	r := rateOf(b.Rate.Events, b.Rate.Per)
	full, _ := r.of(uint64(b.Burst))
	cost, ok := r.of(events)
	if !ok { // more is given back than ever fits
		cost = span{q: maxMicros}
	}
	buf = strconv.AppendUint(buf, r.p, 10)
	buf = appendUint(buf, '/', r.e)
	buf = appendUint(buf, '/', uint64(b.Burst))
	for _, x := range [...]uint64{r.e, cost.q, cost.r, full.q, full.r} {
		buf = appendUint(buf, ' ', x)
	}
	return buf
}

func appendUint(buf []byte, before byte, x uint64) []byte {
	return strconv.AppendUint(append(buf, before), x, 10)
}

// taken makes an answer of the script's: whether it fits, how far its time is
// ahead of the server's clock, and two numbers for each level.
func (c *call) taken(reply []int64) limit.Taken {
	t := limit.Taken{OK: reply[0] == 1 && !c.never}
	var wait, reset uint64
	for i, b := range c.buckets {
		r := rateOf(b.Rate.Events, b.Rate.Per)
		full, _ := r.of(uint64(b.Burst))
		level := span{uint64(reply[2+2*i]), uint64(reply[3+2*i])}
		if c.n >= 0 {
			cost, _ := r.of(c.moved())
			after := level.plus(cost, r.e)
			wait = max(wait, after.minus(full, r.e).micros())
			if c.n > 0 && t.OK {
				level = after
			}
		}
		reset = max(reset, level.micros())
		if left := r.events(full.minus(level, r.e), b.Burst); i == 0 || left < t.Remaining {
			t.Limit, t.Remaining = b.Burst, left
		}
	}
	t.Wait, t.Reset = c.behind(wait, reply[1]), c.behind(reset, reply[1])
	if c.never {
		t.Wait = -1
	}
	return t
}

// behind adds to a span, if it is any, how far the server's clock is behind.
func (c *call) behind(micros uint64, skew int64) time.Duration {
	if micros == 0 {
		return 0
	}
	return duration(min(micros+uint64(skew), maxMicros))
}
