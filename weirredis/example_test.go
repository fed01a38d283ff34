package weirredis_test

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirredis"
)

// Two processes share a limit. Here both are in one program, and Redis is too.
func ExampleStore() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer server.Close()

	for _, process := range []string{"one", "two"} {
		client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
		defer client.Close()
		uploads := limit.NewToken(limit.TokenOptions{
			Name:     "uploads",
			Rate:     limit.PerHour(5),
			Store:    weirredis.NewStore(weirredis.StoreOptions{Client: client}),
			Timeout:  time.Second,
			Replicas: 2, // for as long as Redis does not answer
		})
		for range 3 {
			d, err := uploads.Allow(context.Background(), "alice")
			if err != nil {
				panic(err)
			}
			fmt.Printf("%s: allowed %v, %d of %d left\n", process, d.Allowed, d.Remaining, d.Limit)
		}
	}
	// Output:
	// one: allowed true, 4 of 5 left
	// one: allowed true, 3 of 5 left
	// one: allowed true, 2 of 5 left
	// two: allowed true, 1 of 5 left
	// two: allowed true, 0 of 5 left
	// two: allowed false, 0 of 5 left
}

func ExampleStoreOptions() {
	options := weirredis.StoreOptions{
		Client: redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"localhost:7000"}}),
		Prefix: "limits:",
	}
	fmt.Println(options.Validate())
	// Output:
	// weirredis: StoreOptions.Client must be made with ContextTimeoutEnabled: without it a slow server holds callers past their deadlines
}
