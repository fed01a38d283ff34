package limit_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

func ExampleToken() {
	ctx := context.Background()
	logins := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(2)})
	for _, user := range []string{"ann", "ann", "ann", "bob"} {
		d, err := logins.Allow(ctx, user)
		if err != nil { // an impossible key, or ctx is done
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: allowed %v, %d of %d left, retry after %v\n",
			user, d.Allowed, d.Remaining, d.Limit, d.RetryAfter.Round(time.Minute))
	}
	// Output:
	// ann: allowed true, 1 of 2 left, retry after 0s
	// ann: allowed true, 0 of 2 left, retry after 0s
	// ann: allowed false, 0 of 2 left, retry after 30m0s
	// bob: allowed true, 1 of 2 left, retry after 0s
}

// Two rates keep off both rushes and slow drains.
func ExampleTokenOptions() {
	l := limit.NewToken(limit.TokenOptions{
		Rate: limit.PerSecond(10),
		Also: []limit.Bucket{{Rate: limit.PerHour(1000), Burst: 200}},
	})
	d, _ := l.AllowN(context.Background(), "client", 8)
	fmt.Println(d.Allowed, d.Remaining)

	err := limit.TokenOptions{Rate: limit.Rate{Events: 10}}.Validate() // as if read from a file
	fmt.Println(err)
	// Output:
	// true 2
	// limit: Rate.Events and Rate.Per must be at least 1
}

func ExampleToken_For() {
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
	guard := l.For("reports")
	for range 2 {
		err := weir.Do(context.Background(), guard, func(context.Context) error { return nil })
		fmt.Println(err, "/ come back later:", errors.Is(err, limit.ErrLimited) && weir.RetryAfter(guard, err) > 59*time.Minute)
	}
	// Output:
	// <nil> / come back later: false
	// limit: rate limit exceeded / come back later: true
}

func ExampleToken_Wait() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1000), Burst: 1})
	for page := range 3 { // a millisecond apart
		if err := l.Wait(ctx, "api.example.com"); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("page", page)
	}
	hourly := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
	fmt.Println(hourly.Wait(ctx, "api.example.com"))
	fmt.Println(hourly.Wait(ctx, "api.example.com"))
	// Output:
	// page 0
	// page 1
	// page 2
	// <nil>
	// limit: would have to wait for too long
}

func ExampleReservation() {
	ctx := context.Background()
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(2), Burst: 1})
	now, _ := l.Reserve(ctx, "export", 1, time.Hour)
	later, err := l.Reserve(ctx, "export", 1, time.Hour)
	fmt.Println(now.Delay(), later.Delay().Round(time.Minute), err)

	later.Cancel(ctx) // something else came up
	d, _ := l.Peek(ctx, "export")
	fmt.Println(d.RetryAfter.Round(time.Minute))
	// Output:
	// 0s 30m0s <nil>
	// 30m0s
}

func ExampleTokenStats() {
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
	for _, user := range []string{"ann", "ann", "bob"} {
		_, _ = l.Allow(context.Background(), user)
	}
	st := l.Stats()
	fmt.Printf("%d allowed, %d refused, %d keys\n", st.Allowed, st.Refused, st.Keys)
	// Output: 2 allowed, 1 refused, 2 keys
}

func ExampleRate() {
	fmt.Println(limit.PerSecond(10), limit.PerHour(1000), limit.Rate{Events: 1, Per: 90 * time.Second})
	// Output: 10/s 1000/1h 1/1m30s
}

func ExampleDecision() {
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerMinute(60), Burst: 5})
	d, _ := l.AllowN(context.Background(), "client", 6)
	switch {
	case d.Allowed:
		fmt.Println("served")
	case d.RetryAfter < 0:
		fmt.Println("never: at most", d.Limit, "at once")
	default:
		fmt.Println("in", d.RetryAfter)
	}
	// Output: never: at most 5 at once
}

func ExamplePeriod() {
	ctx := context.Background()
	letters := limit.NewPeriod(limit.PeriodOptions{Quota: 1000, Period: 365 * 24 * time.Hour})
	for _, n := range []int{900, 200, 100} {
		d, _ := letters.TakeN(ctx, "customer 7", n)
		fmt.Println(n, d.Allowed, d.Remaining)
	}
	// Output:
	// 900 true 100
	// 200 false 100
	// 100 true 0
}

// A quota per day, as the clocks in Tokyo show it.
func ExamplePeriodOptions() {
	tokyo := time.FixedZone("Asia/Tokyo", 9*60*60)
	daily := limit.NewPeriod(limit.PeriodOptions{Quota: 100, Period: 24 * time.Hour, Align: tokyo})
	d, _ := daily.Take(context.Background(), "customer 7")
	fmt.Println(d.Remaining, "left until midnight:", d.ResetAfter <= 24*time.Hour)
	// Output: 99 left until midnight: true
}

func ExamplePeriodStats() {
	p := limit.NewPeriod(limit.PeriodOptions{Quota: 1, Period: 365 * 24 * time.Hour})
	for range 3 {
		_, _ = p.Take(context.Background(), "user")
	}
	fmt.Println(p.Stats().Allowed, p.Stats().Refused)
	// Output: 1 2
}

func ExampleWindow() {
	week := limit.Window{Quota: 1, Period: 7 * 24 * time.Hour, Align: time.UTC}
	start, end := week.Bounds(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC))
	fmt.Println(start.Format("Mon 2 Jan"), "to", end.Format("Mon 2 Jan"))
	// Output: Mon 29 Jun to Mon 6 Jul
}

func ExampleBucket() {
	fmt.Println(limit.Bucket{Rate: limit.PerSecond(10), Burst: 20}.Validate())
	fmt.Println(limit.Bucket{Rate: limit.PerSecond(10)}.Validate())
	// Output:
	// <nil>
	// limit: Bucket.Burst must be at least 1
}

// One memory for two limiters, which do not see each other's keys.
func ExampleMemory() {
	ctx := context.Background()
	memory := limit.NewMemory(limit.MemoryOptions{MaxKeys: 100_000})
	reads := limit.NewToken(limit.TokenOptions{Name: "reads", Rate: limit.PerSecond(100), Store: memory})
	writes := limit.NewToken(limit.TokenOptions{Name: "writes", Rate: limit.PerSecond(10), Store: memory})
	r, _ := reads.Allow(ctx, "user")
	w, _ := writes.Allow(ctx, "user")
	fmt.Println(r.Remaining, w.Remaining, "/ keys:", memory.Stats().Keys)
	// Output: 99 9 / keys: 2
}

func ExampleMemoryOptions() {
	fmt.Println(limit.MemoryOptions{MaxKeys: -1}.Validate())
	// Output: limit: MemoryOptions.MaxKeys must not be negative
}

// Ten users, and room for four: the other six share one place.
func ExampleMemoryStats() {
	memory := limit.NewMemory(limit.MemoryOptions{MaxKeys: 4})
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1), Store: memory})
	allowed := 0
	for user := range 10 {
		if d, _ := l.Allow(context.Background(), fmt.Sprint("user ", user)); d.Allowed {
			allowed++
		}
	}
	st := memory.Stats()
	fmt.Println(allowed, "allowed;", st.Keys, "keys;", st.Shared, "decisions shared a place")
	// Output: 5 allowed; 4 keys; 6 decisions shared a place
}

// A logged store says what it is asked, and leaves the rest to another.
type logged struct{ limit.Store }

func (s logged) TakeTokens(ctx context.Context, key string, n int, within time.Duration, buckets []limit.Bucket) (limit.Taken, error) {
	t, err := s.Store.TakeTokens(ctx, key, n, within, buckets)
	fmt.Println("take", n, "of", key, "at", buckets[0].Rate, "->", t.OK, err)
	return t, err
}

func ExampleStore() {
	l := limit.NewToken(limit.TokenOptions{
		Name: "api", Rate: limit.PerSecond(10), Store: logged{limit.NewMemory(limit.MemoryOptions{})},
	})
	_, _ = l.AllowN(context.Background(), "user", 3)
	// Output: take 3 of api:user at 10/s -> true <nil>
}

func ExampleTaken() {
	memory := limit.NewMemory(limit.MemoryOptions{})
	buckets := []limit.Bucket{{Rate: limit.PerHour(1), Burst: 1}}
	for range 2 {
		t, _ := memory.TakeTokens(context.Background(), "user", 1, 2*time.Hour, buckets)
		fmt.Println(t.OK, t.Remaining, "wait", t.Wait.Round(time.Minute))
	}
	// Output:
	// true 0 wait 0s
	// true 0 wait 1h0m0s
}
