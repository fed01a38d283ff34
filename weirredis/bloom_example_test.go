package weirredis_test

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/weirredis"
)

// Two processes handle each event once. Here both are in one program, and Redis is too.
func ExampleBloom() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer server.Close()

	for _, process := range []string{"one", "two"} {
		client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
		defer client.Close()
		handled := weirredis.NewBloom(weirredis.BloomOptions{
			Client:   client,
			Key:      "events:handled",
			Capacity: 10_000,
			FPR:      0.001, // as many events may be taken for handled that are not
			TTL:      24 * time.Hour,
		})
		for _, event := range []string{"order 1", "order 2", process + "'s own"} {
			already, err := handled.TestAndAdd(context.Background(), []byte(event))
			if err != nil {
				panic(err)
			}
			fmt.Printf("%s: %s, handled already: %v\n", process, event, already)
		}
	}
	// Output:
	// one: order 1, handled already: false
	// one: order 2, handled already: false
	// one: one's own, handled already: false
	// two: order 1, handled already: true
	// two: order 2, handled already: true
	// two: two's own, handled already: false
}

func ExampleBloomOptions() {
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	defer client.Close()
	options := weirredis.BloomOptions{
		Client:   client,
		Key:      "everybody",
		Capacity: 1_000_000_000,
	}
	fmt.Println(options.Validate())
	// Output:
	// weirredis: BloomOptions: for so many keys at so low a rate the filter would be larger than 512 MB, which is all that a key of Redis can hold
}
