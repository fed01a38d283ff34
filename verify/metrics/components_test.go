package metrics_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/cache"
	"github.com/weirgo/weir/collection"
	"github.com/weirgo/weir/executors"
	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/hash"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/load"
	"github.com/weirgo/weir/syncx"
	"github.com/weirgo/weir/threading"
	"github.com/weirgo/weir/weiretcd"
	"github.com/weirgo/weir/weirgrpc/balance"
	"github.com/weirgo/weir/weirgrpc/resolver/static"
	"github.com/weirgo/weir/weirhttp"
	"github.com/weirgo/weir/weirprom"
	"github.com/weirgo/weir/weirredis"
)

const anyName = "any"

// A section of the page: components with the same metrics.
type section struct {
	title      string
	types      []string // by directory and name, as the scan finds them
	sources    []weir.Source
	collectors []prometheus.Collector // for what is recorded, not polled
}

// sections are all components there are. Where one has parts that are components
// themselves, those come before it.
func sections(t *testing.T) []section {
	return []section{
		{title: "Circuit breakers", types: []string{"breaker.Breaker", "breaker.Group"}, sources: breakers()},
		{title: "Load shedders", types: []string{"load.Shedder"}, sources: shedders(t)},
		{title: "Limits on concurrency", types: []string{"limit.Concurrency"}, sources: []weir.Source{
			limit.NewConcurrency(limit.ConcurrencyOptions{Name: anyName, Max: 1}),
		}},
		{title: "Rate limits", types: []string{"limit.Token"}, sources: []weir.Source{
			limit.NewToken(limit.TokenOptions{Name: anyName, Rate: limit.PerSecond(1), Burst: 1}),
		}},
		{title: "Quotas", types: []string{"limit.Period"}, sources: []weir.Source{
			limit.NewPeriod(limit.PeriodOptions{Name: anyName, Quota: 1, Period: time.Hour}),
		}},
		{title: "Memory of rate limits", types: []string{"limit.Memory"}, sources: []weir.Source{
			limit.NewMemory(limit.MemoryOptions{Name: anyName}),
		}},
		{title: "Retry budgets", types: []string{"fx.RetryBudget"}, sources: []weir.Source{
			fx.NewRetryBudget(fx.RetryBudgetOptions{Name: anyName}),
		}},
		{title: "HTTP clients", types: []string{"weirhttp.Transport"}, sources: []weir.Source{
			weirhttp.NewTransport(http.DefaultTransport, weirhttp.TransportOptions{Name: anyName}),
		}},
		{title: "HTTP servers", types: []string{"weirprom.HTTP"}, collectors: []prometheus.Collector{requests(t)}},
		{title: "Balancers of gRPC", types: []string{"weirgrpc/balance.Builder"}, sources: []weir.Source{balancer(t)}},
		{title: "etcd", types: []string{"weiretcd.Registrar", "weiretcd.Resolver"}, sources: etcd(t)},
		{title: "Pools", types: []string{"syncx.Pool"}, sources: []weir.Source{pool(t)}},
		{title: "Resource managers", types: []string{"syncx.ResourceManager"}, sources: []weir.Source{
			&syncx.ResourceManager[string, io.Closer]{Name: anyName},
		}},
		{title: "Caches", types: []string{"cache.Cache"}, sources: []weir.Source{memoryCache(t)}},
		{title: "Caches in Redis", types: []string{"weirredis.Cache"}, sources: []weir.Source{redisCache(t)}},
		{title: "Executors", types: []string{"executors.Bulk", "executors.Chunk", "executors.Delay", "executors.Periodical"}, sources: batches(t)},
		{title: "Task runners", types: []string{"threading.TaskRunner"}, sources: []weir.Source{
			threading.NewTaskRunner(threading.TaskOptions{Name: anyName}),
		}},
		{title: "Worker groups", types: []string{"threading.WorkerGroup"}, sources: []weir.Source{
			threading.NewWorkerGroup(threading.WorkerOptions{Name: anyName, Job: func(context.Context) error { return nil }}),
		}},
		{title: "Stable runners", types: []string{"threading.StableRunner"}, sources: []weir.Source{
			threading.NewStableRunner(threading.StableOptions{Name: anyName}, func(int) int { return 0 }),
		}},
		{title: "Recovered panics", types: []string{"threading.Panics"}, sources: []weir.Source{threading.Panics{}}},
		{title: "Timing wheels", types: []string{"collection.TimingWheel"}, sources: []weir.Source{wheel(t)}},
		{title: "Timers", types: []string{"collection.Timers"}, sources: []weir.Source{timers(t)}},
		{title: "Hash rings", types: []string{"hash.Ring"}, sources: []weir.Source{
			hash.NewRing(hash.RingOptions[string]{Label: anyName}),
		}},
		{title: "Collectors", types: []string{"weirprom.Collector"}, sources: []weir.Source{weirprom.NewCollector()}},
	}
}

func breakers() []weir.Source {
	group := breaker.NewGroup[string](breaker.GroupOptions{Options: breaker.Options{Name: "group"}})
	group.Get("key")
	return []weir.Source{breaker.New(breaker.Options{Name: anyName}), group}
}

// shedders returns one that has refused a call and one that would have.
func shedders(t *testing.T) []weir.Source {
	full := func(o load.Options) weir.Source {
		o.InitialLimit, o.MaxLimit, o.CPUThreshold = 1, 1, -1
		o.Signals = []load.Signal{{Name: "disk", Read: func() (float64, error) { return 0, nil }}}
		s := load.New(o)
		for range 2 {
			p, err := s.Allow(t.Context())
			require.Equal(t, err == nil, p != weir.Permit{})
			t.Cleanup(func() { p.Done(weir.Ignored) })
		}
		return s
	}
	return []weir.Source{full(load.Options{Name: anyName}), full(load.Options{Name: "trial", DryRun: true})}
}

func requests(t *testing.T) *weirprom.HTTP {
	h := weirprom.NewHTTP(weirprom.HTTPOptions{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	require.NoError(t, err)
	h.Observe(weirhttp.Observation{Request: r, Status: http.StatusOK})
	return h
}

// connection returns a connection that is asked to connect, though nobody listens.
func connection(t *testing.T, target string, options ...grpc.DialOption) {
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient(target, options...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	conn.Connect()
}

// known waits until gRPC has told a source of something to say it of.
func known(t *testing.T, s weir.Source, name string) weir.Source {
	require.Eventually(t, func() bool {
		for m := range s.Metrics {
			if m.Name == name {
				return true
			}
		}
		return false
	}, time.Minute, time.Millisecond)
	return s
}

func balancer(t *testing.T) weir.Source {
	b := balance.RegisterP2C(balance.P2COptions{})
	connection(t, "static:///127.0.0.1:1", grpc.WithResolvers(static.NewBuilder()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"p2c_ewma": {}}]}`))
	return known(t, b, "weir_balancer_ready")
}

func etcd(t *testing.T) []weir.Source {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{"127.0.0.1:1"}, Logger: zap.NewNop()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	resolver := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
	connection(t, "etcd:///services/orders", grpc.WithResolvers(resolver))
	return []weir.Source{
		weiretcd.NewRegistrar(client, weiretcd.RegistrarOptions{
			Prefix: "services/orders", ID: "1", Endpoint: weiretcd.Endpoint{Addr: "10.0.0.1:80"},
		}),
		known(t, resolver, "weir_etcd_stale"),
	}
}

// ends closes a component when the test ends.
func ends(t *testing.T, c interface{ Close(context.Context) error }) {
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
}

func pool(t *testing.T) weir.Source {
	p := syncx.NewPool(syncx.PoolOptions[int]{
		Name: anyName, MaxOpen: 1, Create: func(context.Context) (int, error) { return 0, nil },
	})
	ends(t, p)
	return p
}

func memoryCache(t *testing.T) weir.Source {
	c := cache.New(cache.Options[string, int]{Name: anyName, MaxEntries: 1})
	ends(t, c)
	return c
}

func redisCache(t *testing.T) weir.Source {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: true})
	c := weirredis.NewCache(weirredis.CacheOptions[int]{Name: anyName, Client: client})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	ends(t, c)
	return c
}

func batches(t *testing.T) []weir.Source {
	handle := func(context.Context, []int) error { return errors.New("nobody adds anything") }
	bulk := executors.NewBulk(executors.BulkOptions[int]{Name: anyName, Handle: handle})
	chunk := executors.NewChunk(executors.ChunkOptions[int]{Name: anyName, SizeOf: func(int) int { return 1 }, Handle: handle})
	delay := executors.NewDelay(executors.DelayOptions{Name: anyName, Delay: time.Second, Do: func(context.Context) {}})
	periodical := executors.NewPeriodical(executors.PeriodicalOptions[int, []int]{Name: anyName, Container: &list{}, Handle: handle})
	ends(t, bulk)
	ends(t, chunk)
	ends(t, delay)
	ends(t, periodical)
	return []weir.Source{bulk, chunk, delay, periodical}
}

// A list is the container of a Periodical.
type list struct{ items []int }

func (l *list) Add(v int) (full bool) {
	l.items = append(l.items, v)
	return false
}

func (l *list) Take() []int { return l.items }

func wheel(t *testing.T) weir.Source {
	w := collection.NewTimingWheel(collection.WheelOptions[int, int]{Name: anyName, OnFire: func(int, int) {}})
	ends(t, w)
	return w
}

func timers(t *testing.T) weir.Source {
	s := collection.NewTimers(collection.TimersOptions{Name: anyName})
	ends(t, s)
	return s
}
