package redislimit

import (
	"context"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/goredisstore.v9"
	gozero "github.com/zeromicro/go-zero/core/limit"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/core/stat"
	gozeroredis "github.com/zeromicro/go-zero/core/stores/redis"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirredis"
)

const (
	events = 1_000_000 // per second, and at once: more than anybody asks for
	key    = "user"
)

// ask asks for one event, and reports whether the server has allowed it.
type ask func(ctx context.Context) bool

func newBare(s *server) ask {
	return script(s, `
local time = redis.call('TIME')
local was = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], 't1 ' .. time[1] .. ' ' .. time[2] .. ' 1/1/1000000 1 0 0', 'PX', 1000)
return {1, 0, was and 1 or 0, 0}`)
}

func newEmpty(s *server) ask { return script(s, "return {1, 0, 0, 0}") }

func script(s *server, source string) ask {
	script := redis.NewScript(source)
	keys := []string{"bare:{user}"}
	return func(ctx context.Context) bool {
		reply, err := script.Run(ctx, s.client, keys, "1 0 1/1/1000000 1 1 0 1000000 0").Int64Slice()
		return err == nil && len(reply) == 4 && reply[0] == 1
	}
}

func newWeir(s *server) ask { return weir(s, limit.TokenOptions{Name: "plain"}) }

func newLease(s *server) ask { return weir(s, limit.TokenOptions{Name: "lease", Lease: lease}) }

func newThreeRates(s *server) ask {
	return weir(s, limit.TokenOptions{Name: "three", Also: []limit.Bucket{
		{Rate: limit.PerMinute(60 * events), Burst: 60 * events},
		{Rate: limit.PerHour(3600 * events), Burst: 3600 * events},
	}})
}

// weir has a Timeout that a busy machine does not reach, which costs as much as
// any other.
func weir(s *server, o limit.TokenOptions) ask {
	o.Rate, o.Burst, o.Timeout = limit.PerSecond(events), events, 10*time.Second
	o.Store = weirredis.NewStore(weirredis.StoreOptions{Client: s.client})
	l := limit.NewToken(o)
	return func(ctx context.Context) bool {
		d, err := l.Allow(ctx, key)
		return err == nil && d.Allowed && !d.Degraded && d.Limit == events && d.Remaining < events
	}
}

func newRedisRate(s *server) ask {
	l := redis_rate.NewLimiter(s.client)
	return func(ctx context.Context) bool {
		r, err := l.Allow(ctx, key, redis_rate.PerSecond(events))
		return err == nil && r.Allowed == 1
	}
}

// newThrottled tries more often than by default to swap its state: among 16
// callers ten attempts are not always enough.
func newThrottled(s *server) ask {
	store, err := goredisstore.NewCtx(s.client, "throttled:")
	if err != nil {
		return impossible
	}
	l, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{
		MaxRate: throttled.PerSec(events), MaxBurst: events - 1,
	})
	if err != nil {
		return impossible
	}
	l.SetMaxCASAttemptsLimit(10_000)
	return func(ctx context.Context) bool {
		limited, _, err := l.RateLimitCtx(ctx, key, 1)
		return err == nil && !limited
	}
}

// newGozero has a client of its own. What it would log is turned off, as its users
// can.
func newGozero(s *server) ask {
	logx.Disable()
	stat.DisableLog()
	client, err := gozeroredis.NewRedis(gozeroredis.RedisConf{Host: s.addr(), Type: gozeroredis.NodeType})
	if err != nil {
		return impossible
	}
	l := gozero.NewTokenLimiter(events, events, client, key)
	return func(ctx context.Context) bool { return l.AllowCtx(ctx) }
}

func impossible(context.Context) bool { return false }
