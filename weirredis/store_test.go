package weirredis_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirredis"
)

var (
	perHour = []limit.Bucket{{Rate: limit.PerHour(1), Burst: 3}}
	hourly  = limit.Window{Quota: 3, Period: time.Hour}
)

func TestImpossibleOptionsPanic(t *testing.T) {
	deaf := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer deaf.Close()
	deafCluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}})
	defer deafCluster.Close()
	deafRing := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{}})
	defer deafRing.Close()
	fine := connect(t, "127.0.0.1:1")
	for text, o := range map[string]weirredis.StoreOptions{
		"Client must not be nil":                   {},
		"Client must not be nil ":                  {Client: (*redis.Client)(nil)},
		"Client must not be nil  ":                 {Client: (*redis.ClusterClient)(nil)},
		"Client must not be nil   ":                {Client: (*redis.Ring)(nil)},
		"Prefix must not contain a brace":          {Client: fine, Prefix: "a{b"},
		"Prefix must not contain a brace ":         {Client: fine, Prefix: "a}b"},
		"made with ContextTimeoutEnabled":          {Client: deaf},
		"made with ContextTimeoutEnabled: without": {Client: deafCluster},
		"made with ContextTimeoutEnabled:":         {Client: deafRing},
	} {
		err := o.Validate()
		require.ErrorContains(t, err, strings.TrimRight(text, " "))
		require.PanicsWithValue(t, err.Error(), func() { weirredis.NewStore(o) })
		require.True(t, strings.HasPrefix(err.Error(), "weirredis: StoreOptions."), err)
	}
	require.NoError(t, weirredis.StoreOptions{Client: fine}.Validate())
	require.NoError(t, weirredis.StoreOptions{Client: struct{ redis.UniversalClient }{fine}}.Validate())
}

// calls are the scripts that a client calls, and their keys.
type calls struct{ names []string }

func (*calls) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*calls) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (c *calls) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.HasPrefix(cmd.Name(), "eval") { // not what go-redis says of itself
			c.names = append(c.names, fmt.Sprint(cmd.Name(), " ", cmd.Args()[3]))
		}
		return next(ctx, cmd)
	}
}

func TestOneCallAndOneKeyPerDecision(t *testing.T) {
	s, m, c := embedded(t)
	var sent calls
	c.AddHook(&sent)
	buckets := []limit.Bucket{{Rate: limit.PerSecond(1), Burst: 3}, {Rate: limit.PerHour(9), Burst: 9}, {Rate: limit.PerMinute(5), Burst: 4}}
	for range 2 {
		_, err := s.TakeTokens(context.Background(), "a", 1, 0, buckets)
		require.NoError(t, err)
	}
	for range 2 {
		_, err := s.TakeWindow(context.Background(), "a", 1, hourly)
		require.NoError(t, err)
	}
	require.Equal(t, []string{
		"evalsha weir:{a}", "eval weir:{a}", "evalsha weir:{a}",
		"evalsha weir:{a}:w", "eval weir:{a}:w", "evalsha weir:{a}:w",
	}, sent.names, "EVAL only where the server does not know the script")
	require.Equal(t, []string{"weir:{a}", "weir:{a}:w"}, m.Keys())
}

func TestScriptsThatTheServerForgetsAreSentAgain(t *testing.T) {
	s, _, c := embedded(t)
	for i := range 3 {
		require.NoError(t, c.ScriptFlush(context.Background()).Err())
		taken, err := s.TakeTokens(context.Background(), "a", 1, 0, perHour)
		require.NoError(t, err)
		require.Equal(t, 2-i, taken.Remaining)
	}
}

func TestKeysWithBracesAndAnythingElseAreKeptApart(t *testing.T) {
	s, m, _ := embedded(t)
	keys := []string{
		"a", "{a}", "{a", "a}", "}a", "}{", "{}", "}", "{", "a}:w", ":w", " ", "a b", "a\x00b", "a\nb", "\xff", "ключ",
		strings.Repeat("x", limit.MaxKey),
	}
	for _, key := range keys {
		for i := range 4 {
			taken, err := s.TakeTokens(context.Background(), key, 1, 0, perHour)
			require.NoError(t, err)
			require.Equal(t, i < 3, taken.OK, "%q", key)
			taken, err = s.TakeWindow(context.Background(), key, 1, hourly)
			require.NoError(t, err)
			require.Equal(t, i < 3, taken.OK, "%q", key)
		}
	}
	require.Len(t, m.Keys(), 2*len(keys))
}

func TestStoresWithDifferentPrefixesShareNothing(t *testing.T) {
	s, m, c := embedded(t)
	other := weirredis.NewStore(weirredis.StoreOptions{Client: c, Prefix: "other:"})
	for range 3 {
		taken, err := s.TakeTokens(context.Background(), "a", 3, 0, perHour)
		require.NoError(t, err)
		require.Zero(t, taken.Remaining)
	}
	taken, err := other.TakeTokens(context.Background(), "a", 1, 0, perHour)
	require.NoError(t, err)
	require.Equal(t, 2, taken.Remaining)
	require.Equal(t, []string{"other:{a}", "weir:{a}"}, m.Keys())
}

func TestKeyOfSomethingElseIsNamedAndLeftAlone(t *testing.T) {
	s, m, c := embedded(t)
	checkForeignKeys(t, s, c)
	require.Len(t, m.Keys(), 5)
}

func checkForeignKeys(t *testing.T, s *weirredis.Store, c *redis.Client) {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, c.HSet(ctx, "weir:{hash}", "f", "v").Err())
	require.NoError(t, c.Set(ctx, "weir:{text}", "hello", 0).Err())
	require.NoError(t, c.Set(ctx, "weir:{hash}:w", "t1 1", 0).Err())
	require.NoError(t, c.RPush(ctx, "weir:{text}:w", "v").Err())
	_, err := s.TakeTokens(ctx, "fine", 1, 0, perHour)
	require.NoError(t, err)
	for _, key := range []string{"hash", "text"} {
		before := c.Dump(ctx, "weir:{"+key+"}").Val() + c.Dump(ctx, "weir:{"+key+"}:w").Val()
		for _, n := range []int{1, 0, -1} {
			_, err := s.TakeTokens(ctx, key, n, 0, perHour)
			require.ErrorContains(t, err, fmt.Sprintf("weirredis: key %q: ", "weir:{"+key+"}"))
		}
		for _, w := range []limit.Window{hourly, {Quota: 3, Period: time.Hour, Sliding: true}} {
			_, err := s.TakeWindow(ctx, key, 1, w)
			require.ErrorContains(t, err, fmt.Sprintf("weirredis: key %q: ", "weir:{"+key+"}:w"))
		}
		require.Equal(t, before, c.Dump(ctx, "weir:{"+key+"}").Val()+c.Dump(ctx, "weir:{"+key+"}:w").Val())
	}
}

func TestImpossibleInputIsAnErrorAndAsksNobody(t *testing.T) {
	s, m, _ := embedded(t)
	for _, buckets := range [][]limit.Bucket{
		nil, {{}}, {{Rate: limit.PerSecond(1)}}, {{Rate: limit.Rate{Events: 1}, Burst: 1}}, {perHour[0], {Burst: 1}},
		{{Rate: limit.Rate{Events: 1, Per: 100 * 365 * 24 * time.Hour}, Burst: 2}},
	} {
		_, err := s.TakeTokens(context.Background(), "a", 1, 0, buckets)
		require.Error(t, err, "%v", buckets)
	}
	_, err := s.TakeWindow(context.Background(), "a", -1, hourly)
	require.ErrorContains(t, err, "weirredis: ")
	_, err = s.TakeWindow(context.Background(), "a", 1, limit.Window{})
	require.Error(t, err)
	require.Zero(t, m.CommandCount())
}

func TestDoneContextWinsWithItsCauseUnwrapped(t *testing.T) {
	s, m, _ := embedded(t)
	cause := errors.New("the caller has gone")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	_, err := s.TakeTokens(ctx, "a", 1, 0, perHour)
	require.ErrorIs(t, err, context.Canceled)
	_, err2 := s.TakeWindow(ctx, "a", 1, hourly)
	require.Equal(t, err, err2)
	require.Zero(t, m.CommandCount())
}

func TestEventsThatNeverFitTakeNothing(t *testing.T) {
	s, m, _ := embedded(t)
	taken, err := s.TakeTokens(context.Background(), "a", 4, time.Hour, perHour)
	require.NoError(t, err)
	require.Equal(t, limit.Taken{Limit: 3, Remaining: 3, Wait: -1}, taken)
	taken, err = s.TakeWindow(context.Background(), "a", 4, hourly)
	require.NoError(t, err)
	require.Equal(t, limit.Taken{Limit: 3, Remaining: 3, Wait: -1}, taken)
	require.Empty(t, m.Keys())
}

func TestWithALimiterOfItsOwnNamePeriodsAndTokensAgree(t *testing.T) {
	s, m, _ := embedded(t)
	tokens := limit.NewToken(limit.TokenOptions{Name: "t", Rate: limit.PerHour(1), Burst: 3, Store: s, Timeout: -1})
	period := limit.NewPeriod(limit.PeriodOptions{Name: "p", Quota: 3, Period: 24 * time.Hour, Align: time.UTC, Store: s, Timeout: -1})
	for i := range 5 {
		d, err := tokens.Allow(context.Background(), "a")
		require.NoError(t, err)
		require.Equal(t, i < 3, d.Allowed)
		require.False(t, d.Degraded)
		d, err = period.Take(context.Background(), "a")
		require.NoError(t, err)
		require.Equal(t, i < 3, d.Allowed)
		require.False(t, d.Degraded)
	}
	require.Equal(t, []string{"weir:{p:a}:w", "weir:{t:a}"}, m.Keys())
}
