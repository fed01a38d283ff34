package limit_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/weirgo/weir/limit"
)

// twoNodes keeps the keys of "eu" on one node and all others on another, which is
// down.
type twoNodes struct {
	limit.Store
	down limit.Store
}

func (s twoNodes) Parts(prefix string) func(string) int {
	return func(key string) int {
		if strings.HasPrefix(key, "eu/") {
			return 0
		}
		return 1
	}
}

func (s twoNodes) TakeTokens(ctx context.Context, key string, n int, within time.Duration, buckets []limit.Bucket) (limit.Taken, error) {
	if !strings.HasPrefix(key, "api:eu/") {
		return s.down.TakeTokens(ctx, key, n, within, buckets)
	}
	return s.Store.TakeTokens(ctx, key, n, within, buckets)
}

func ExampleParted() {
	nodes := twoNodes{Store: limit.NewMemory(limit.MemoryOptions{}), down: unreachable{}}
	l := limit.NewToken(limit.TokenOptions{Name: "api", Rate: limit.PerMinute(8), Store: nodes})
	for _, key := range []string{"us/ada", "eu/bob", "us/ada", "eu/bob"} {
		d, _ := l.Allow(context.Background(), key)
		fmt.Println(key, "degraded:", d.Degraded)
	}
	// Output:
	// us/ada degraded: true
	// eu/bob degraded: false
	// us/ada degraded: true
	// eu/bob degraded: false
}
