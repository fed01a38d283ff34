package weirredis_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/cache"
	"github.com/weirgo/weir/weirredis"
)

// exampleClient is of a Redis that is built in; use the address of a real one.
func exampleClient() (client *redis.Client, stop func()) {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	client = redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	return client, func() {
		_ = client.Close()
		server.Close()
	}
}

func ExampleCache() {
	ctx := context.Background()
	client, stop := exampleClient()
	defer stop()

	type user struct{ Name string }
	shared := weirredis.NewCache(weirredis.CacheOptions[user]{Name: "users", Client: client, Prefix: "user:"})
	defer shared.Close(ctx)
	local := cache.New(cache.Options[string, user]{Name: "users", TTL: time.Minute})
	defer local.Close(ctx)

	find := func(ctx context.Context, id string) (user, error) {
		return local.Take(ctx, id, func(ctx context.Context) (user, error) {
			return shared.Take(ctx, id, func(ctx context.Context) (user, error) {
				fmt.Println("asking the database for", id)
				if id != "7" {
					return user{}, weirredis.ErrNotFound
				}
				return user{Name: "Ada"}, nil
			})
		})
	}
	for range 2 {
		u, err := find(ctx, "7")
		fmt.Println(u.Name, err)
		_, err = find(ctx, "8")
		fmt.Println(errors.Is(err, cache.ErrNotFound))
	}
	fmt.Println(client.Get(ctx, "user:7").Val(), client.Get(ctx, "user:8").Val())
	// Output:
	// asking the database for 7
	// Ada <nil>
	// asking the database for 8
	// true
	// Ada <nil>
	// true
	// {"Name":"Ada"} *
}

func ExampleCacheOptions() {
	o := weirredis.CacheOptions[[]byte]{
		TTL:       time.Hour,
		Marshal:   func(b []byte) ([]byte, error) { return b, nil }, // kept as they are
		Unmarshal: func(b []byte) ([]byte, error) { return b, nil },
	}
	fmt.Println(o.Validate())
	// Output: weirredis: CacheOptions needs either Client or Nodes
}

func ExampleCacheNode() {
	ctx := context.Background()
	var nodes []weirredis.CacheNode
	for i := range 3 {
		client, stop := exampleClient()
		defer stop()
		nodes = append(nodes, weirredis.CacheNode{Name: fmt.Sprint("cache-", i), Client: client})
	}
	nodes[2].Weight = 2 // it has twice the memory
	c := weirredis.NewCache(weirredis.CacheOptions[int]{Nodes: nodes})
	defer c.Close(ctx)
	for i := range 1000 {
		_ = c.Set(ctx, fmt.Sprint("key ", i), i)
	}
	for _, n := range nodes {
		fmt.Println(n.Name, n.Client.DBSize(ctx).Val()/50*50)
	}
	// Output:
	// cache-0 250
	// cache-1 200
	// cache-2 500
}

func ExampleCacheStats() {
	ctx := context.Background()
	client, stop := exampleClient()
	defer stop()
	c := weirredis.NewCache(weirredis.CacheOptions[int]{Client: client})
	defer c.Close(ctx)
	for range 10 {
		_, _ = c.Take(ctx, "answer", func(context.Context) (int, error) { return 42, nil })
	}
	st := c.Stats()
	fmt.Println(st.Hits, st.Misses, st.Loads, st.Failures)
	// Output: 9 1 1 0
}
