package weirgrpc_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirgrpc"
)

func TestCallsBeyondTheRateAreRefused(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		synctest.Test(t, func(t *testing.T) {
			users := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(2), Burst: 2})
			outer := newGuard(t)
			i := weirgrpc.ChainServer(
				weirgrpc.AdmitServer(outer, weirgrpc.AdmitOptions{}),
				weirgrpc.RateLimitServer(users.Allow, byMethod, weirgrpc.RateLimitOptions{}),
			)
			for range 3 {
				for range 2 {
					trailer, err := serve(i, context.Background(), returns(nil))
					require.NoError(t, err)
					require.Empty(t, trailer)
					require.Equal(t, weir.Success, outer.next())
				}
				trailer, err := serve(i, context.Background(), nil)
				require.Equal(t, codes.ResourceExhausted, status.Code(err))
				require.Equal(t, limit.ErrLimited.Error(), status.Convert(err).Message())
				require.ErrorIs(t, err, limit.ErrLimited)
				wait, ours := delay(status.Convert(err))
				require.Equal(t, 500*time.Millisecond, wait)
				require.True(t, ours)
				require.Equal(t, []string{"500"}, trailer[pushback])
				require.Equal(t, weir.Ignored, outer.next(), "one client that asks too often says nothing of the server")
				time.Sleep(time.Second)
			}
		})
	})
}

func TestAClientCanLimitItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		users := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(2), Burst: 2})
		i := weirgrpc.RateLimitClient(users.Allow, byMethod, weirgrpc.RateLimitOptions{})
		require.NoError(t, invoke(i, context.Background(), returns(nil)))
		made := &fakeClientStream{}
		_, err := i.Stream(context.Background(), bidi, nil, method, made.make)
		require.NoError(t, err)
		err = invoke(i, context.Background(), nil)
		require.ErrorIs(t, err, weir.ErrRejected)
		require.Equal(t, codes.ResourceExhausted, status.Code(err))
		_, err = i.Stream(context.Background(), bidi, nil, method, nil)
		require.ErrorIs(t, err, weir.ErrRejected)
		require.Equal(t, codes.ResourceExhausted, status.Code(err))
	})
}

func TestWhereNoWaitingHelpsNoDelayIsTold(t *testing.T) {
	never := func(context.Context, string) (limit.Decision, error) { return limit.Decision{RetryAfter: -1}, nil }
	eachServing(t, func(t *testing.T, serve serving) {
		trailer, err := serve(weirgrpc.RateLimitServer(never, byMethod, weirgrpc.RateLimitOptions{}), context.Background(), nil)
		wait, ours := delay(status.Convert(err))
		require.Equal(t, time.Duration(-1), wait)
		require.True(t, ours)
		require.Equal(t, []string{"-1"}, trailer[pushback])
	})
}

func TestALimiterThatFailsLetsNobodyThrough(t *testing.T) {
	broken := errors.New("no store")
	fails := func(ctx context.Context, _ string) (limit.Decision, error) {
		if err := ctx.Err(); err != nil {
			return limit.Decision{}, err
		}
		return limit.Decision{}, broken
	}
	eachServing(t, func(t *testing.T, serve serving) {
		var told []error
		i := weirgrpc.RateLimitServer(fails, byMethod, weirgrpc.RateLimitOptions{
			OnError: func(_ context.Context, c weirgrpc.Call, err error) {
				require.Equal(t, method, c.Method)
				told = append(told, err)
			},
		})
		_, err := serve(i, context.Background(), nil)
		require.Equal(t, codes.Unavailable, status.Code(err))
		require.Equal(t, "not admitted", status.Convert(err).Message())
		require.Equal(t, []error{broken}, told)
		_, err = serve(i, cancelled(), nil)
		require.Equal(t, codes.Canceled, status.Code(err))
		require.Len(t, told, 1, "a client that leaves is no error")
	})
}

func TestARefusalOfALimiterIsNoError(t *testing.T) {
	refuses := func(context.Context, string) (limit.Decision, error) {
		return limit.Decision{}, &limitRefusal{time.Second}
	}
	i := weirgrpc.RateLimitServer(refuses, byMethod, weirgrpc.RateLimitOptions{
		OnError: func(context.Context, weirgrpc.Call, error) { t.Error("not an error") },
	})
	trailer, err := servings["unary"](i, context.Background(), nil)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.Equal(t, []string{"1000"}, trailer[pushback])
}

func TestKeysThatALimiterWouldNotAccept(t *testing.T) {
	var keys []string
	note := func(_ context.Context, key string) (limit.Decision, error) {
		keys = append(keys, key)
		return limit.Decision{Allowed: true}, nil
	}
	longest := strings.Repeat("k", limit.MaxKey)
	for _, key := range []string{"", "user", longest, longest + "a", longest + "b"} {
		i := weirgrpc.RateLimitServer(note, func(context.Context, weirgrpc.Call) string { return key }, weirgrpc.RateLimitOptions{})
		_, _ = servings["unary"](i, context.Background(), returns(nil))
	}
	require.Equal(t, []string{"\x00", "user", longest}, keys[:3])
	require.Len(t, keys[3], 65)
	require.Len(t, keys[4], 65)
	require.NotEqual(t, keys[3], keys[4])
}

func TestRateLimitNeedsItsFuncs(t *testing.T) {
	never := func(context.Context, string) (limit.Decision, error) { return limit.Decision{}, nil }
	o := weirgrpc.RateLimitOptions{}
	require.PanicsWithValue(t, "weirgrpc: RateLimitServer with a nil limiter", func() { weirgrpc.RateLimitServer(nil, byMethod, o) })
	require.PanicsWithValue(t, "weirgrpc: RateLimitServer with a nil key func", func() { weirgrpc.RateLimitServer(never, nil, o) })
	require.PanicsWithValue(t, "weirgrpc: RateLimitClient with a nil limiter", func() { weirgrpc.RateLimitClient(nil, byMethod, o) })
	require.PanicsWithValue(t, "weirgrpc: RateLimitClient with a nil key func", func() { weirgrpc.RateLimitClient(never, nil, o) })
}
