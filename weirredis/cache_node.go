package weirredis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/internal/ctxerr"
)

// A node is one place where values are kept.
type node struct {
	name    string
	client  redis.UniversalClient
	breaker *breaker.Breaker
	timeout time.Duration // none if not positive

	// What a refusal is told as: made once, for there are many while a node is down.
	open, throttled error

	failures, refused atomic.Uint64
}

func newNode(n CacheNode, cache string, b breaker.Options, timeout time.Duration) *node {
	b.Name = cache + "/" + n.Name
	made := &node{name: n.Name, client: n.Client, breaker: breaker.New(b), timeout: timeout}
	made.open, made.throttled = made.says(breaker.ErrOpen), made.says(breaker.ErrThrottled)
	return made
}

func (n *node) says(err error) error { return fmt.Errorf("weirredis: node %s: %w", n.name, err) }

// classifyReply takes an answer about a key that is of another kind for what it
// is: a sign of life.
func classifyReply(err error) weir.Outcome {
	var reply redis.Error
	if errors.As(err, &reply) && strings.HasPrefix(reply.Error(), "WRONGTYPE") {
		return weir.Success
	}
	return weir.Classify(err)
}

// do has one exchange with the node, if its breaker allows. An error of ctx is
// returned as such, all others say which node they are of.
func (n *node) do(ctx context.Context, exchange func(ctx context.Context) error) error {
	caller := ctx
	err := n.breaker.Do(ctx, func(ctx context.Context) error {
		if n.timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, n.timeout)
			defer cancel()
		}
		err := exchange(ctx)
		if err != nil && ended(caller) {
			return ctxerr.Err(caller) // also where the connection noticed first
		}
		return err
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctxerr.Err(ctx)
	case err == breaker.ErrOpen:
		n.refused.Add(1)
		return n.open
	case err == breaker.ErrThrottled:
		n.refused.Add(1)
		return n.throttled
	}
	n.failures.Add(1)
	return n.says(err)
}

// get returns the bytes of a key, nil and no error if there is none.
func (n *node) get(ctx context.Context, key string) (data []byte, err error) {
	err = n.do(ctx, func(ctx context.Context) (err error) {
		data, err = n.client.Get(ctx, key).Bytes()
		switch {
		case err == redis.Nil:
			return nil
		case err == nil && data == nil:
			data = []byte{}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

func (n *node) set(ctx context.Context, key string, data []byte, ttl time.Duration) error {
	return n.do(ctx, func(ctx context.Context) error { return n.client.Set(ctx, key, data, ttl).Err() })
}

// setAbsent leaves alone what is there.
func (n *node) setAbsent(ctx context.Context, key string, ttl time.Duration) (set bool, err error) {
	err = n.do(ctx, func(ctx context.Context) (err error) {
		set, err = n.client.SetNX(ctx, key, placeholder, ttl).Result()
		return err
	})
	return set, err
}

// deleteAtOnce is how many keys are deleted in one exchange.
const deleteAtOnce = 1000

// del deletes keys and returns those that may not be deleted, and why. Each is a
// command of its own, since on a Cluster they may be anywhere.
func (n *node) del(ctx context.Context, keys []string) (left []string, err error) {
	for len(keys) > 0 {
		some := keys[:min(len(keys), deleteAtOnce)]
		keys = keys[len(some):]
		l, e := n.delSome(ctx, some)
		left = append(left, l...)
		if e != nil {
			err = e
		}
	}
	return left, err
}

func (n *node) delSome(ctx context.Context, keys []string) (left []string, err error) {
	left = keys // unless told otherwise
	err = n.do(ctx, func(ctx context.Context) error {
		cmds, err := n.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range keys {
				p.Del(ctx, key)
			}
			return nil
		})
		if err == nil {
			left = nil
			return nil
		}
		var failed []string
		for i, cmd := range cmds {
			if cmd.Err() != nil {
				failed = append(failed, keys[i])
			}
		}
		if len(cmds) == len(keys) && len(failed) > 0 {
			left = failed
		}
		return err
	})
	return left, err
}
