package limit_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirgo/weir/limit"
)

// unreachable is a store that is down.
type unreachable struct{}

var errUnreachable = errors.New("connection refused")

func (unreachable) TakeTokens(context.Context, string, int, time.Duration, []limit.Bucket) (limit.Taken, error) {
	return limit.Taken{}, errUnreachable
}

func (unreachable) TakeWindow(context.Context, string, int, limit.Window) (limit.Taken, error) {
	return limit.Taken{}, errUnreachable
}

// Four processes share a limit of 8 at once. While the store is down, each allows 2.
func ExampleFallback() {
	l := limit.NewToken(limit.TokenOptions{
		Rate:     limit.PerMinute(8),
		Store:    unreachable{},
		Fallback: limit.FallbackLocal,
		Replicas: 4,
		OnDegraded: func(degraded bool, err error) {
			fmt.Println("degraded:", degraded, err)
		},
	})
	for range 3 {
		d, err := l.Allow(context.Background(), "user")
		fmt.Println(d.Allowed, d.Degraded, err)
	}
	// Output:
	// degraded: true connection refused
	// true true <nil>
	// true true <nil>
	// false true <nil>
}
