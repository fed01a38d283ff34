package weirgrpc_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/load"
	"github.com/weirgo/weir/weirgrpc"
)

func knock(h tap.ServerInHandle) error {
	_, err := h(context.Background(), &tap.Info{FullMethodName: method})
	return err
}

func TestATapSettlesAtOnce(t *testing.T) {
	a, b := newGuard(t), newGuard(t)
	h := weirgrpc.Tap(a, b)
	require.NoError(t, knock(h))
	require.Equal(t, weir.Ignored, a.next())
	require.Equal(t, weir.Ignored, b.next())

	h = weirgrpc.Tap(a, refusing(t, errFull), b)
	require.ErrorIs(t, knock(h), errFull)
	require.Equal(t, weir.Ignored, a.next(), "what was taken is given back")
	require.EqualValues(t, 1, b.asked.Load(), "nobody asks further")
}

func TestATapPassesTheContextOn(t *testing.T) {
	type key struct{}
	ctx, err := weirgrpc.Tap()(context.WithValue(context.Background(), key{}, 1), &tap.Info{})
	require.NoError(t, err)
	require.Equal(t, 1, ctx.Value(key{}))
}

func TestATapNeedsGuards(t *testing.T) {
	require.PanicsWithValue(t, "weirgrpc: Tap with a nil Guard", func() { weirgrpc.Tap(open, nil) })
}

func TestATapLimitsRatesAndChecksShedders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(2), Burst: 2})
		full := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1})
		shedder := load.New(load.Options{})
		h := weirgrpc.Tap(full, shedder, rate.For("all"))
		require.NoError(t, knock(h))
		require.NoError(t, knock(h))
		err := knock(h)
		require.ErrorIs(t, err, limit.ErrLimited)
		require.Equal(t, codes.ResourceExhausted, status.Code(err))
		wait, ours := delay(status.Convert(err))
		require.Equal(t, 512*time.Millisecond, wait, "as the guard of a limiter rounds it")
		require.True(t, ours)

		time.Sleep(time.Second)
		p, err := full.Allow(context.Background())
		require.NoError(t, err)
		require.ErrorIs(t, knock(h), limit.ErrFull)
		p.Done(weir.Success)
		require.NoError(t, knock(h))
		require.Zero(t, full.Stats().InFlight)
		require.Zero(t, shedder.Stats().InFlight)
	})
}

// If the tap asked the breaker itself, it would take each probe and learn nothing.
func TestATapLeavesTheProbesOfABreakerToAdmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		h := weirgrpc.Tap(b)
		admit := weirgrpc.AdmitServer(b, weirgrpc.AdmitOptions{})
		broken := true
		serve := func() error {
			if err := knock(h); err != nil {
				return err
			}
			_, err := servings["unary"](admit, context.Background(), func(context.Context) error {
				if broken {
					return errBroken
				}
				return nil
			})
			return err
		}
		for b.State() != breaker.Open {
			_ = serve()
			time.Sleep(time.Millisecond)
		}
		asked := b.Stats()
		err := knock(h)
		require.ErrorIs(t, err, breaker.ErrOpen)
		require.Equal(t, codes.Unavailable, status.Code(err))
		require.Equal(t, asked, b.Stats(), "it only looks")

		broken = false
		for n := 0; b.State() == breaker.Open; n++ {
			require.Less(t, n, 100, "the breaker never closes")
			_ = serve()
			time.Sleep(100 * time.Millisecond)
		}
		require.NoError(t, serve())
	})
}

func TestATapRefusesRealClients(t *testing.T) {
	atServer, atClient := newGuard(t), newGuard(t)
	one := limit.NewToken(limit.TokenOptions{Rate: limit.Rate{Events: 1, Per: time.Hour}, Burst: 1})
	opts := append(weirgrpc.AdmitServer(atServer, weirgrpc.AdmitOptions{}).Options(), grpc.InTapHandle(weirgrpc.Tap(one.For("all"))))
	c := testpb.NewTestServiceClient(dial(t, start(t, &service{}, opts...), weirgrpc.AdmitClient(atClient, weirgrpc.AdmitOptions{}).DialOptions()...))
	_, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.NoError(t, err)
	require.Equal(t, weir.Success, atClient.next())
	require.Equal(t, weir.Success, atServer.next())
	for range 3 {
		_, err = c.UnaryCall(t.Context(), &testpb.SimpleRequest{Payload: &testpb.Payload{Body: make([]byte, 1<<20)}})
		require.Equal(t, codes.ResourceExhausted, status.Code(err))
		require.Equal(t, limit.ErrLimited.Error(), status.Convert(err).Message())
		wait, ours := delay(status.Convert(err))
		require.Positive(t, wait)
		require.True(t, ours)
		require.Equal(t, weir.Overloaded, atClient.next())
	}
	require.EqualValues(t, 1, atServer.asked.Load())
}
