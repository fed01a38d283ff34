package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/cache"
	"github.com/weirgo/weir/weirredis"
)

// A replica is one process of the service, here with others in one.
type replica struct {
	users  int
	client *redis.Client
	memory *cache.Cache[int, user]
	redis  *weirredis.Cache[user]
	db     *database

	requests, failures atomic.Int64
}

func newReplica(o options, addr string, db *database) *replica {
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1})
	return &replica{
		users:  o.users,
		client: client,
		db:     db,
		// Short, so that the second level has something to do.
		memory: cache.New(cache.Options[int, user]{Name: "users", MaxEntries: max(1, o.users/10), TTL: 2 * time.Second}),
		redis: weirredis.NewCache(weirredis.CacheOptions[user]{
			Name: "users", Client: client, Prefix: "user:", TTL: time.Minute, Timeout: 200 * time.Millisecond,
			Breaker: breaker.Options{Name: "users"},
			// This database can do without Redis for a while: the memory is in front of it.
			LoadWhenDown: true,
		}),
	}
}

// find asks the memory, which asks Redis, which asks the database.
func (r *replica) find(ctx context.Context, id int) (user, error) {
	return r.memory.Take(ctx, id, func(ctx context.Context) (user, error) {
		return r.redis.Take(ctx, strconv.Itoa(id), func(ctx context.Context) (user, error) {
			return r.db.find(ctx, id)
		})
	})
}

// call looks users up until ctx ends: one in ten does not exist.
func (r *replica) call(ctx context.Context) {
	popular := rand.NewZipf(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), 1.4, 2, uint64(r.users-1))
	for ctx.Err() == nil {
		id := int(popular.Uint64())
		if rand.N(10) == 0 {
			id += r.users
		}
		got, err := r.find(ctx, id)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && got.ID == id:
		case id >= r.users && errors.Is(err, cache.ErrNotFound):
		default:
			r.failures.Add(1)
		}
		r.requests.Add(1)
		time.Sleep(rand.N(200 * time.Microsecond))
	}
}

func (r *replica) close(ctx context.Context) error {
	return errors.Join(r.memory.Close(ctx), r.redis.Close(ctx), r.client.Close())
}
