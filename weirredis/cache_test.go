package weirredis_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirredis"
)

func TestCacheKeepsJSONForItsTTL(t *testing.T) {
	c, m := people(t)
	_, found, err := c.Get(bg, "a")
	require.NoError(t, err)
	require.False(t, found)
	require.NoError(t, c.Set(bg, "a", ada))
	data, err := m.Get("a")
	require.NoError(t, err)
	require.Equal(t, `{"ID":4611686018427387905,"Name":"Ada"}`, data)
	v, found, err := c.Get(bg, "a")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, ada, v)
	m.FastForward(7 * 24 * time.Hour * 106 / 100)
	_, found, err = c.Get(bg, "a")
	require.NoError(t, err)
	require.False(t, found)
}

func TestCacheSpreadsTTLs(t *testing.T) {
	m, client := inMemory(t)
	c := closing(t, weirredis.CacheOptions[int]{Client: client, TTL: 100 * time.Second, Prefix: "p:"})
	shortest, longest := time.Hour, time.Duration(0)
	for i := range 1000 {
		require.NoError(t, c.Set(bg, fmt.Sprint(i), i))
		ttl := m.ttls["p:"+fmt.Sprint(i)]
		shortest, longest = min(shortest, ttl), max(longest, ttl)
	}
	require.GreaterOrEqual(t, shortest, 95*time.Second)
	require.Less(t, shortest, 96*time.Second)
	require.Greater(t, longest, 104*time.Second)
	require.LessOrEqual(t, longest, 105*time.Second)
}

func TestNothingIsKeptForEver(t *testing.T) {
	m, client := inMemory(t) // which looks at each SET
	for _, ttl := range []time.Duration{1, time.Microsecond, time.Millisecond, 1500 * time.Microsecond, math.MaxInt64} {
		c := closing(t, weirredis.CacheOptions[int]{Client: client, TTL: ttl, NotFoundTTL: ttl})
		require.NoError(t, c.Set(bg, "a", 1))
		_, err := c.Take(bg, "b", func(context.Context) (int, error) { return 0, weirredis.ErrNotFound })
		require.ErrorIs(t, err, weirredis.ErrNotFound)
		require.NoError(t, c.SetTTL(bg, "c", 1, ttl))
		_, err = c.Take(bg, "d", func(context.Context) (int, error) { return 1, nil })
		require.NoError(t, err)
		for _, key := range []string{"a", "b", "c", "d"} {
			require.GreaterOrEqual(t, m.ttls[key], time.Millisecond)
			delete(m.values, key)
		}
	}
	c := closing(t, weirredis.CacheOptions[int]{Client: client})
	require.NoError(t, c.SetTTL(bg, "a", 1, 1500*time.Microsecond))
	require.Equal(t, 2*time.Millisecond, m.ttls["a"], "rounded up")
	for _, over := range []time.Duration{0, -1, math.MinInt64} {
		require.NoError(t, c.SetTTL(bg, "a", 1, time.Hour))
		require.NoError(t, c.SetTTL(bg, "a", 2, over))
		require.NotContains(t, m.values, "a", "it is over already")
	}
}

func TestHundredConcurrentTakesAskRedisAndTheSourceOnce(t *testing.T) {
	m, client := inMemory(t)
	c := closing(t, weirredis.CacheOptions[person]{Client: client})
	began, end := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			v, err := c.Take(t.Context(), "a", func(context.Context) (person, error) {
				close(began)
				<-end
				return ada, nil
			})
			if err != nil || v != ada {
				t.Error(v, err)
			}
		})
	}
	<-began
	eventually(t, "all wait", func() bool { return c.Stats().Shared == 99 })
	close(end)
	wg.Wait()
	require.Equal(t, []string{"get", "set"}, m.log)
	v, err := c.Take(bg, "a", mustNot(t))
	require.NoError(t, err)
	require.Equal(t, ada, v)
	require.Equal(t, weirredis.CacheStats{Hits: 1, Misses: 1, Shared: 99, Loads: 1}, c.Stats())
}

func TestNotFoundIsKeptForAMinute(t *testing.T) {
	c, m := people(t)
	for _, err := range []error{weirredis.ErrNotFound, fmt.Errorf("x: %w", weirredis.ErrNotFound), foreignNotFound{}} {
		_, got := c.Take(bg, "a", fails(err))
		require.True(t, got == weirredis.ErrNotFound)
		data, got := m.Get("a")
		require.NoError(t, got)
		require.Equal(t, "*", data)
		require.Equal(t, time.Minute, m.TTL("a"))
		_, got = c.Take(bg, "a", mustNot(t))
		require.True(t, got == weirredis.ErrNotFound)
		_, found, got := c.Get(bg, "a")
		require.NoError(t, got)
		require.False(t, found)
		m.FastForward(time.Minute)
	}
	v, err := c.Take(bg, "a", gives(ada))
	require.NoError(t, err)
	require.Equal(t, ada, v)
}

type foreignNotFound struct{}

func (foreignNotFound) Error() string  { return "another package's not found" }
func (foreignNotFound) NotFound() bool { return true }

func TestNotFoundByOptionAndNotAtAll(t *testing.T) {
	m, client := inMemory(t)
	c := closing(t, weirredis.CacheOptions[person]{Client: client, IsNotFound: func(err error) bool { return err == errDown }})
	_, err := c.Take(bg, "a", fails(errDown))
	require.True(t, err == weirredis.ErrNotFound)
	require.Equal(t, "*", m.values["a"])
	c = closing(t, weirredis.CacheOptions[person]{Client: client, NotFoundTTL: -1})
	_, err = c.Take(bg, "b", fails(weirredis.ErrNotFound))
	require.True(t, err == weirredis.ErrNotFound)
	require.NotContains(t, m.values, "b")
}

func TestNotFoundNeverOverwritesWhatOthersHaveSet(t *testing.T) {
	c, m := people(t)
	_, err := c.Take(bg, "a", func(context.Context) (person, error) {
		require.NoError(t, m.Set("a", `{"ID":7}`)) // another process
		return person{}, weirredis.ErrNotFound
	})
	require.True(t, err == weirredis.ErrNotFound)
	v, err := c.Take(bg, "a", mustNot(t))
	require.NoError(t, err)
	require.Equal(t, person{ID: 7}, v)
}

func TestOtherErrorsAreReturnedAndNotKept(t *testing.T) {
	c, m := people(t)
	_, err := c.Take(bg, "a", fails(errDown))
	require.True(t, err == errDown)
	require.False(t, m.Exists("a"))
}

func TestCorruptValueIsDeletedAndLoadedAnew(t *testing.T) {
	for _, data := range []string{"{", "", "[]", `{"ID":1} {"ID":2}`, `{"ID":"x"}`, "**"} {
		m, client := inMemory(t)
		var told []string
		c := closing(t, weirredis.CacheOptions[person]{Client: client, OnCorrupt: func(key string, err error) {
			require.Error(t, err)
			told = append(told, key)
		}})
		m.values["a"], m.values["b"] = data, data
		v, err := c.Take(bg, "a", gives(ada))
		require.NoError(t, err, data)
		require.Equal(t, ada, v)
		require.Equal(t, []string{"get", "del", "set"}, m.log)
		v, err = c.Take(bg, "a", mustNot(t))
		require.NoError(t, err)
		require.Equal(t, ada, v)
		_, found, err := c.Get(bg, "b")
		require.NoError(t, err)
		require.False(t, found)
		require.NotContains(t, m.values, "b")
		require.Equal(t, []string{"a", "b"}, told)
		require.Equal(t, uint64(2), c.Stats().Corrupt)
	}
}

func TestBigIntegersKeepAllTheirDigits(t *testing.T) {
	const big = int64(math.MaxInt64 - 1)
	_, client := inMemory(t)
	typed := closing(t, weirredis.CacheOptions[map[string]uint64]{Client: client})
	require.NoError(t, typed.Set(bg, "typed", map[string]uint64{"id": math.MaxUint64}))
	v, _, err := typed.Get(bg, "typed")
	require.NoError(t, err)
	require.Equal(t, uint64(math.MaxUint64), v["id"])
	loose := closing(t, weirredis.CacheOptions[any]{Client: client})
	require.NoError(t, loose.Set(bg, "any", map[string]any{"id": big}))
	w, _, err := loose.Get(bg, "any")
	require.NoError(t, err)
	require.Equal(t, map[string]any{"id": json.Number("9223372036854775806")}, w)
}

func TestUserCodec(t *testing.T) {
	m, client := inMemory(t)
	c := closing(t, weirredis.CacheOptions[string]{
		Client:  client,
		Marshal: func(s string) ([]byte, error) { return []byte(strings.ToUpper(s)), nil },
		Unmarshal: func(b []byte) (string, error) {
			return strings.ToLower(string(b)), nil
		},
	})
	require.NoError(t, c.Set(bg, "a", "hello"))
	require.Equal(t, "HELLO", m.values["a"])
	require.NoError(t, c.Set(bg, "empty", ""))
	for key, want := range map[string]string{"a": "hello", "empty": ""} {
		v, found, err := c.Get(bg, key)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, want, v)
	}
	require.ErrorContains(t, c.Set(bg, "a", "*"), `weirredis: key "a": weirredis: CacheOptions.Marshal returned an asterisk`)
	require.Equal(t, "HELLO", m.values["a"])
}

func TestValueThatCannotBeEncodedIsAnError(t *testing.T) {
	m, client := inMemory(t)
	c := closing(t, weirredis.CacheOptions[chan int]{Client: client})
	require.ErrorContains(t, c.Set(bg, "a", make(chan int)), `weirredis: key "a": json: unsupported type`)
	_, err := c.Take(bg, "a", func(context.Context) (chan int, error) { return nil, nil })
	require.Error(t, err)
	require.Empty(t, m.values)
}

func TestDeleteRemovesAnyNumberOfKeys(t *testing.T) {
	c, m := people(t)
	require.NoError(t, c.Delete(bg))
	require.NoError(t, c.Delete(bg, "none"))
	var all []string
	for i := range 2500 {
		key := fmt.Sprint(i)
		require.NoError(t, m.Set(key, "1"))
		all = append(all, key)
	}
	require.NoError(t, c.Delete(bg, append(all, all[0])...))
	require.Empty(t, m.Keys())
}

func TestWriteDuringALoadWins(t *testing.T) {
	for name, want := range map[string]string{"Set": `{"ID":9,"Name":""}`, "Delete": "", "SetTTL": `{"ID":9,"Name":""}`} {
		for _, loaded := range []loader{gives(ada), fails(weirredis.ErrNotFound)} {
			m, client := inMemory(t)
			c := closing(t, weirredis.CacheOptions[person]{Client: client})
			_, _ = c.Take(bg, "a", func(ctx context.Context) (person, error) {
				switch name {
				case "Set":
					require.NoError(t, c.Set(bg, "a", person{ID: 9}))
				case "SetTTL":
					require.NoError(t, c.SetTTL(bg, "a", person{ID: 9}, time.Hour))
				default:
					require.NoError(t, c.Delete(bg, "a"))
				}
				return loaded(ctx)
			})
			require.Equal(t, want, m.values["a"], name)
		}
	}
}

// The load has looked whether it is overruled, and found that it is not; its SET
// reaches Redis after the DEL.
func TestDeleteThatOvertakesTheSetOfALoadWins(t *testing.T) {
	for _, loaded := range []loader{gives(ada), fails(weirredis.ErrNotFound)} {
		m, client := inMemory(t)
		c := closing(t, weirredis.CacheOptions[person]{Client: client})
		m.during = func(cmd string) {
			if cmd == "set" {
				m.during = nil
				require.NoError(t, c.Delete(bg, "a"))
			}
		}
		_, _ = c.Take(bg, "a", loaded)
		require.Empty(t, m.values)
		require.Equal(t, []string{"get", "del", "set", "del"}, m.log)
	}
}

func TestTakeAfterADeleteDoesNotJoinTheLoadBeforeIt(t *testing.T) {
	_, client := inMemory(t)
	c := closing(t, weirredis.CacheOptions[person]{Client: client})
	v, err := c.Take(bg, "a", func(context.Context) (person, error) {
		require.NoError(t, c.Delete(bg, "a"))
		v, err := c.Take(bg, "a", gives(person{ID: 2}))
		require.NoError(t, err)
		require.Equal(t, int64(2), v.ID)
		return person{ID: 1}, nil
	})
	require.NoError(t, err)
	require.Equal(t, int64(1), v.ID)
	v, err = c.Take(bg, "a", mustNot(t))
	require.NoError(t, err)
	require.Equal(t, int64(2), v.ID)
}

func TestPanicOfALoadReachesEveryCaller(t *testing.T) {
	_, client := inMemory(t)
	c := closing(t, weirredis.CacheOptions[person]{Client: client})
	began, end := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			defer func() {
				var p *weir.Panic
				if err, ok := recover().(error); !ok || !errors.As(err, &p) || p.Value != "lost" {
					t.Error("not the panic of the load", err)
				}
			}()
			_, _ = c.Take(t.Context(), "a", func(context.Context) (person, error) {
				close(began)
				<-end
				panic("lost")
			})
		})
	}
	<-began
	eventually(t, "all wait", func() bool { return c.Stats().Shared == 2 })
	close(end)
	wg.Wait()
	require.Equal(t, uint64(1), c.Stats().LoadsFailed)
	_, err := c.Take(bg, "a", gives(ada))
	require.NoError(t, err)
}

func TestCancelledCallerLeavesAtOnce(t *testing.T) {
	_, client := inMemory(t)
	c := closing(t, weirredis.CacheOptions[person]{Client: client})
	ctx, cancel := context.WithCancelCause(bg)
	_, err := c.Take(ctx, "a", func(ctx context.Context) (person, error) {
		cancel(errDown)
		<-ctx.Done()
		return person{}, ctx.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errDown)
	_, err = c.Take(ctx, "a", mustNot(t))
	require.ErrorIs(t, err, errDown)
	require.ErrorIs(t, c.Set(ctx, "a", ada), errDown)
	require.ErrorIs(t, c.Delete(ctx, "a"), errDown)
	_, _, err = c.Get(ctx, "a")
	require.ErrorIs(t, err, errDown)
	require.Zero(t, c.Stats().Failures, "that says nothing about the node")
	require.Zero(t, c.Stats().PendingDeletes)
}

func TestTakeWithANilFuncPanics(t *testing.T) {
	c, _ := people(t)
	require.PanicsWithValue(t, "weirredis: Take with a nil func", func() { _, _ = c.Take(bg, "a", nil) })
}

func TestImpossibleCacheOptionsAreNamed(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "localhost:1", ContextTimeoutEnabled: true})
	defer client.Close()
	deaf := redis.NewClient(&redis.Options{Addr: "localhost:1"})
	defer deaf.Close()
	cluster := redis.NewClusterClient(&redis.ClusterOptions{ContextTimeoutEnabled: true})
	defer cluster.Close()
	node := weirredis.CacheNode{Client: client, Name: "a"}
	type options = weirredis.CacheOptions[int]
	for want, o := range map[string]options{
		"weirredis: CacheOptions needs either Client or Nodes":                                   {},
		"weirredis: CacheOptions needs either Client or Nodes ":                                  {Client: client, Nodes: []weirredis.CacheNode{node}},
		"weirredis: CacheOptions.Nodes[0] needs a Client":                                        {Nodes: []weirredis.CacheNode{{Name: "a"}}},
		"weirredis: clients of CacheOptions must be made with ContextTimeoutEnabled: without it": {Client: deaf},
		"weirredis: CacheOptions.Nodes[1] needs a Name":                                          {Nodes: []weirredis.CacheNode{node, {Client: cluster}}},
		`weirredis: CacheOptions.Nodes has two of the name "a"`:                                  {Nodes: []weirredis.CacheNode{node, node}},
		"weirredis: CacheOptions.Nodes[0].Weight must not be negative":                           {Nodes: []weirredis.CacheNode{{Client: client, Weight: -1}}},
		"weirredis: CacheOptions.TTL must not be negative":                                       {Client: client, TTL: -1},
		"weirredis: CacheOptions.Jitter must be less than 1":                                     {Client: client, Jitter: math.NaN()},
		"weirredis: CacheOptions.Marshal and Unmarshal need each other":                          {Client: client, Marshal: func(int) ([]byte, error) { return nil, nil }},
		"weirredis: CacheOptions.Breaker: breaker: ":                                             {Client: client, Breaker: badBreaker},
	} {
		err := o.Validate()
		require.ErrorContains(t, err, strings.TrimSpace(want))
		require.PanicsWithValue(t, err.Error(), func() { weirredis.NewCache(o) })
	}
}
