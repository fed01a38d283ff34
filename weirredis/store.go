package weirredis

import (
	"context"
	_ "embed" // for the scripts
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/internal/ctxerr"
	"github.com/weirgo/weir/limit"
)

//go:embed tokens.lua
var tokensSource string

//go:embed window.lua
var windowSource string

//go:embed sliding.lua
var slidingSource string

var (
	errShort    = errors.New("weirredis: the script did not answer as it should")
	errNegative = errors.New("weirredis: a window takes no negative number of events")
)

// Store is a [limit.Store] in Redis, for limiters of several processes together.
//
// It is made by [NewStore]; the zero value does not work. It is safe for
// concurrent use, starts nothing and needs no closing.
//
// Each decision is one call of a script and one key, whatever the number of
// rates: EVALSHA, and EVAL where the server does not know the script yet. The
// tokens of a key are in Prefix{key}, its window in Prefix{key}:w, as a string of
// some 60 bytes per rate, or 100 for a sliding window. A key lives as long as it matters
// and a millisecond or two more: Redis must not evict it before (maxmemory-policy
// noeviction, or a database of its own). Refusals and looks write nothing.
//
// The clock is that of the Redis server, in microseconds; what clients believe
// the time to be does not matter. Decisions are exact to the event, but that the
// last microsecond of a rate may come a microsecond late. Times are exact up to
// the year 2100. Where the clock goes back, as it may after a failover, keys in
// use stand still until it has caught up, at most for a minute; beyond that they
// go on from where they were.
//
// On a Cluster or a Ring it is a [limit.Parted]: while a node is away, limiters turn
// to their stand-ins for the keys of that node, and ask the others as before.
//
// Replication is asynchronous: what a failed master had not passed on is
// forgotten, and so many events may happen once more, at most a full bucket or a
// quota per key.
//
// Limiters that share a Store should have names, or they share the state of
// equal keys. If limiters with different limits do share one, as while a new
// version is rolled out, each counts what the others admitted, and all of them
// together admit no more than the most generous one: see [limit.Memory]. But one
// with a smaller bucket never waits longer than until that is full again, however
// much the larger one holds; and sliding windows have shorter parts again as
// soon as limiters with longer ones have been away for one of their periods.
type Store struct {
	client  redis.UniversalClient
	prefix  string
	tokens  *redis.Script
	window  *redis.Script
	sliding *redis.Script
}

var _ limit.Store = (*Store)(nil)

// NewStore returns a store. It panics if o is impossible; see Validate. It does
// not connect.
func NewStore(o StoreOptions) *Store {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	if o.Prefix == "" {
		o.Prefix = defaultPrefix
	}
	return &Store{
		client:  o.Client,
		prefix:  o.Prefix,
		tokens:  redis.NewScript(tokensSource),
		window:  redis.NewScript(windowSource),
		sliding: redis.NewScript(slidingSource),
	}
}

// run runs a script on a key and returns the integers that it answers with, at
// least so many.
func (s *Store) run(ctx context.Context, script *redis.Script, key string, least int, args ...any) ([]int64, error) {
	reply, err := script.Run(ctx, s.client, []string{key}, args...).Int64Slice()
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctxerr.Err(ctx)
		}
		return nil, keyError(key, err)
	}
	if len(reply) < least {
		return nil, keyError(key, errShort)
	}
	return reply, nil
}

func keyError(key string, err error) error {
	return fmt.Errorf("weirredis: key %q: %w", key, err)
}
