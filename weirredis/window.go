package weirredis

import (
	"context"
	"strconv"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
	"github.com/weirgo/weir/limit"
)

// maxCount is what a script can count to.
const maxCount = 1<<53 - 1

// parts is into how many parts a period is divided to slide.
const parts = 16

// TakeWindow takes n events from the window of the key, or none; see
// [limit.Store]. It costs one call of a script; two, where windows follow a
// calendar and the clocks of this machine and of Redis differ by more than a
// window, for then the boundaries are worked out once more for the server's time.
// Errors are as of TakeTokens. A Period is rounded up to whole microseconds.
func (s *Store) TakeWindow(ctx context.Context, key string, n int, w limit.Window) (limit.Taken, error) {
	if ctx.Err() != nil {
		return limit.Taken{}, ctxerr.Err(ctx)
	}
	if n < 0 {
		return limit.Taken{}, errNegative
	}
	if err := w.Validate(); err != nil {
		return limit.Taken{}, err
	}
	key = s.prefix + "{" + key + "}:w"
	reply, err := s.askWindow(ctx, key, n, w)
	if err != nil {
		return limit.Taken{}, err
	}
	t := limit.Taken{
		OK:        reply[0] == 1 && n <= w.Quota,
		Limit:     w.Quota,
		Remaining: int(max(0, int64(w.Quota)-reply[2])),
		Wait:      micros(reply[1]),
		Reset:     micros(reply[3]),
	}
	if n > w.Quota {
		t.Wait = -1
	}
	return t, nil
}

func micros(n int64) time.Duration { return duration(min(uint64(n), maxMicros)) }

func (s *Store) askWindow(ctx context.Context, key string, n int, w limit.Window) ([]int64, error) {
	if n > w.Quota {
		n = 0 // it will never fit: only look
	}
	count := strconv.Itoa(n)
	quota := strconv.FormatInt(min(int64(w.Quota), maxCount), 10)
	switch {
	case w.Sliding:
		return s.run(ctx, s.sliding, key, 4, count, quota, length(w.Period, parts))
	case w.Align == nil:
		return s.run(ctx, s.window, key, 4, count, quota, length(w.Period, 1))
	}
	return s.askCalendar(ctx, key, count, quota, w)
}

// length returns a fraction of the period in microseconds, rounded up.
func length(period time.Duration, parts int64) string {
	ns := parts * 1000
	whole := int64(period) / ns
	if int64(period)%ns > 0 {
		whole++
	}
	return strconv.FormatInt(min(whole, maxMicros), 10)
}

// askCalendar sends boundaries for the time that this machine believes it is, and
// if that is far off, for the server's.
func (s *Store) askCalendar(ctx context.Context, key, count, quota string, w limit.Window) ([]int64, error) {
	now := time.Now()
	for range 2 {
		args := append(make([]any, 0, 8), count, quota)
		reply, err := s.run(ctx, s.window, key, 2, append(args, boundaries(w, now)...)...)
		if err != nil || len(reply) >= 4 {
			return reply, err
		}
		now = time.UnixMicro(reply[1])
	}
	return nil, keyError(key, errShort)
}

// boundaries returns when windows begin, the one before that of now to the third
// after it, in microseconds since 1970.
func boundaries(w limit.Window, now time.Time) []any {
	start, _ := w.Bounds(now)
	start, _ = w.Bounds(start.Add(-1))
	all := make([]any, 5)
	for i := range all {
		all[i] = strconv.FormatInt(start.UnixMicro(), 10)
		_, start = w.Bounds(start)
	}
	return all
}
