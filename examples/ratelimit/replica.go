package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirredis"
)

const (
	// callers is how many goroutines ask each replica.
	callers = 4
	// maxPause keeps them asking where the rate is low, so that replicas notice
	// what becomes of the store.
	maxPause = 50 * time.Millisecond
)

// A replica is one process of a service, as far as limits are concerned.
type replica struct {
	client *redis.Client
	orders *limit.Token

	allowed, refused, degraded, errors atomic.Int64
}

func newReplica(addr string, o options, c *outageClock) *replica {
	client := redis.NewClient(&redis.Options{
		Addr:                  addr,
		ContextTimeoutEnabled: true,
		// So a replica falls back as soon as the server is gone.
		DialerRetries: 1,
		MaxRetries:    -1,
	})
	return &replica{
		client: client,
		orders: limit.NewToken(limit.TokenOptions{
			Name:       "orders",
			Rate:       limit.PerSecond(o.rate),
			Burst:      o.burst(),
			Store:      weirredis.NewStore(weirredis.StoreOptions{Client: client, Prefix: "weir-example:"}),
			Timeout:    time.Second, // the computer may be busy with other things, too
			Replicas:   o.replicas,
			OnDegraded: func(degraded bool, _ error) { c.change(degraded) },
		}),
	}
}

// ask asks for twice the replica's share of the limit until ctx is done.
func (r *replica) ask(ctx context.Context, o options) {
	pause := time.Second * time.Duration(callers*o.replicas) / time.Duration(2*o.rate)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			tick := time.NewTicker(min(pause, maxPause))
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					r.once(ctx)
				}
			}
		})
	}
	wg.Wait()
}

func (r *replica) once(ctx context.Context) {
	d, err := r.orders.Allow(ctx, "everybody")
	switch {
	case err != nil && ctx.Err() != nil: // the end of the run
		return
	case err != nil:
		r.errors.Add(1)
		return
	case d.Allowed:
		r.allowed.Add(1)
	default:
		r.refused.Add(1)
	}
	if d.Degraded {
		r.degraded.Add(1)
	}
}

// An outageClock measures for how long at least one replica was on its own.
type outageClock struct {
	mu    sync.Mutex
	away  int           // guarded by mu: replicas that are on their own
	since time.Time     // guarded by mu: when that became one
	total time.Duration // guarded by mu: of former times
}

func (c *outageClock) change(degraded bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if degraded {
		if c.away++; c.away == 1 {
			c.since = time.Now()
		}
		return
	}
	if c.away--; c.away == 0 {
		c.total += time.Since(c.since)
	}
}

// read returns how many replicas are on their own, and for how long one was.
func (c *outageClock) read() (away int, total time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away > 0 {
		return c.away, c.total + time.Since(c.since)
	}
	return 0, c.total
}
