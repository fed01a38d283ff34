package weirgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirgrpc"
)

var errBroken = status.Error(codes.Internal, "broken")

func returns(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestAServersGuardLearnsHowTheCallWent(t *testing.T) {
	for _, c := range []struct {
		name string
		h    func(ctx context.Context, leave func()) error
		want weir.Outcome
	}{
		{"success", func(context.Context, func()) error { return nil }, weir.Success},
		{"client's fault", func(context.Context, func()) error { return status.Error(codes.NotFound, "") }, weir.Success},
		{"failure", func(context.Context, func()) error { return errBroken }, weir.Failure},
		{"plain error", func(context.Context, func()) error { return errors.New("broken") }, weir.Failure},
		{"overload", func(context.Context, func()) error { return status.Error(codes.ResourceExhausted, "") }, weir.Overloaded},
		{"a refusal further in", func(context.Context, func()) error { return fmt.Errorf("backend: %w", errFull) }, weir.Ignored},
		{"deadline", func(ctx context.Context, _ func()) error { <-ctx.Done(); return ctx.Err() }, weir.Failure},
		{"deadline, success all the same", func(ctx context.Context, _ func()) error { <-ctx.Done(); return nil }, weir.Failure},
		{"deadline, client's fault", func(ctx context.Context, _ func()) error {
			<-ctx.Done()
			return status.Error(codes.NotFound, "")
		}, weir.Failure},
		{"left, failure", func(_ context.Context, leave func()) error { leave(); return errBroken }, weir.Ignored},
		{"left, cancelled", func(ctx context.Context, leave func()) error { leave(); return ctx.Err() }, weir.Ignored},
		{"left, success", func(_ context.Context, leave func()) error { leave(); return nil }, weir.Success},
		{"left, overload", func(_ context.Context, leave func()) error {
			leave()
			return status.Error(codes.ResourceExhausted, "")
		}, weir.Overloaded},
		{"left just before the deadline", func(ctx context.Context, leave func()) error {
			time.Sleep(time.Minute - 24*time.Millisecond)
			leave()
			return ctx.Err()
		}, weir.Failure},
		{"left before that", func(ctx context.Context, leave func()) error {
			time.Sleep(time.Minute - 26*time.Millisecond)
			leave()
			return ctx.Err()
		}, weir.Ignored},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachServing(t, func(t *testing.T, serve serving) {
				synctest.Test(t, func(t *testing.T) {
					g := newGuard(t)
					ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
					defer cancel()
					var returned error
					trailer, err := serve(weirgrpc.AdmitServer(g, weirgrpc.AdmitOptions{}), ctx, func(ctx context.Context) error {
						returned = c.h(ctx, cancel)
						return returned
					})
					require.Equal(t, returned, err)
					require.Empty(t, trailer)
					require.Equal(t, c.want, g.next())
				})
			})
		})
	}
}

// The deadline passes at the client first, who then leaves: the server's context is
// cancelled before its own deadline.
func TestBreakerSeesDeadlinesThatPassAtTheClientFirst(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		synctest.Test(t, func(t *testing.T) {
			b := breaker.New(breaker.Options{TripAfter: -1})
			admit := weirgrpc.AdmitServer(b, weirgrpc.AdmitOptions{})
			served := uint64(0)
			for range 100 {
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
				time.AfterFunc(15*time.Millisecond, cancel)
				_, _ = serve(admit, ctx, func(ctx context.Context) error {
					served++
					<-ctx.Done()
					return ctx.Err()
				})
				cancel()
			}
			st := b.Stats()
			require.Zero(t, st.Ignored)
			require.NotZero(t, served)
			require.Equal(t, served, st.Failed)
		})
	})
}

func TestPanicsAndGoexitAreFailuresAndGoOn(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		g := newGuard(t)
		admit := weirgrpc.AdmitServer(g, weirgrpc.AdmitOptions{})
		require.PanicsWithValue(t, "boom", func() {
			serve(admit, context.Background(), func(context.Context) error { panic("boom") })
		})
		require.Equal(t, weir.Failure, g.next())
		inGoroutine(func() {
			serve(admit, context.Background(), func(context.Context) error { runtime.Goexit(); return nil })
		})
		require.Equal(t, weir.Failure, g.next())
	})
	g := newGuard(t)
	admit := weirgrpc.AdmitClient(g, weirgrpc.AdmitOptions{})
	require.PanicsWithValue(t, "boom", func() {
		invoke(admit, context.Background(), func(context.Context) error { panic("boom") })
	})
	require.Equal(t, weir.Failure, g.next())
}

func TestAClientsGuardLearnsHowTheCallWent(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		left bool
		want weir.Outcome
	}{
		{"success", nil, false, weir.Success},
		{"success, and left", nil, true, weir.Success},
		{"failure", errBroken, false, weir.Failure},
		{"failure, and left", errBroken, true, weir.Ignored},
		{"own fault", status.Error(codes.NotFound, ""), false, weir.Success},
		{"a refusal further in", errFull, false, weir.Ignored},
		{"deadline", status.Error(codes.DeadlineExceeded, ""), false, weir.Failure},
		{"cancelled by the server", status.Error(codes.Canceled, ""), false, weir.Ignored},
		{"overload, and left", status.Error(codes.ResourceExhausted, ""), true, weir.Overloaded},
	} {
		g := newGuard(t)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		err := invoke(weirgrpc.AdmitClient(g, weirgrpc.AdmitOptions{}), ctx, func(context.Context) error {
			if c.left {
				cancel()
			}
			return c.err
		})
		require.Equal(t, c.err, err, c.name)
		require.Equal(t, c.want, g.next(), c.name)
	}
}

func TestTheTableCanBeReplaced(t *testing.T) {
	strict := weirgrpc.AdmitOptions{Classify: func(err error) weir.Outcome {
		if status.Code(err) == codes.NotFound {
			return weir.Failure
		}
		return weirgrpc.Classify(err)
	}}
	notFound := returns(status.Error(codes.NotFound, ""))
	eachServing(t, func(t *testing.T, serve serving) {
		g := newGuard(t)
		serve(weirgrpc.AdmitServer(g, strict), context.Background(), notFound)
		require.Equal(t, weir.Failure, g.next())
	})
	g := newGuard(t)
	_ = invoke(weirgrpc.AdmitClient(g, strict), context.Background(), notFound)
	require.Equal(t, weir.Failure, g.next())
}

func TestClassifyIsNotAskedWhereTheTableDecides(t *testing.T) {
	never := weirgrpc.AdmitOptions{Classify: func(err error) weir.Outcome {
		t.Error("asked about", err)
		return weir.Success
	}}
	eachServing(t, func(t *testing.T, serve serving) {
		g := newGuard(t)
		admit := weirgrpc.AdmitServer(g, never)
		chain := weirgrpc.ChainServer(admit, weirgrpc.RecoverServer(quiet))
		serve(admit, context.Background(), returns(nil))
		require.Equal(t, weir.Success, g.next())
		serve(admit, context.Background(), returns(errFull))
		require.Equal(t, weir.Ignored, g.next())
		serve(chain, context.Background(), func(context.Context) error { panic("boom") })
		require.Equal(t, weir.Failure, g.next())
	})
}

func TestAPanicOfClassifyIsAFailure(t *testing.T) {
	o := weirgrpc.AdmitOptions{Classify: func(error) weir.Outcome { panic("bad table") }}
	eachServing(t, func(t *testing.T, serve serving) {
		g := newGuard(t)
		require.PanicsWithValue(t, "bad table", func() {
			serve(weirgrpc.AdmitServer(g, o), context.Background(), returns(errBroken))
		})
		require.Equal(t, weir.Failure, g.next())
	})
	g := newGuard(t)
	require.PanicsWithValue(t, "bad table", func() {
		_ = invoke(weirgrpc.AdmitClient(g, o), context.Background(), returns(errBroken))
	})
	require.Equal(t, weir.Failure, g.next())
}

func TestGuardsAreChosenByCall(t *testing.T) {
	guarded := newGuard(t)
	var seen []weirgrpc.Call
	pick := func(_ context.Context, c weirgrpc.Call) weir.Guard {
		seen = append(seen, c)
		if c.Unary() {
			return guarded
		}
		return nil // streams are not guarded
	}
	admit := weirgrpc.AdmitServerBy(pick, weirgrpc.AdmitOptions{})
	for _, kind := range []string{"unary", "stream"} {
		_, err := servings[kind](admit, context.Background(), returns(nil))
		require.NoError(t, err)
	}
	require.Equal(t, weir.Success, guarded.next())
	require.NoError(t, invoke(weirgrpc.AdmitClientBy(pick, weirgrpc.AdmitOptions{}), context.Background(), returns(nil)))
	require.Equal(t, weir.Success, guarded.next())
	require.Equal(t, []weirgrpc.Call{
		{Method: method},
		{Method: method, ClientStreams: true, ServerStreams: true},
		{Method: method},
	}, seen)
}

// A shed request must not open the breaker around it, nor count as served.
func TestAnInnerRefusalTeachesAnOuterGuardNothing(t *testing.T) {
	own := weirgrpc.AdmitOptions{Refuse: func(context.Context, weirgrpc.Call, error, time.Duration) error {
		return status.Error(codes.Internal, "")
	}}
	for name, between := range map[string]weirgrpc.ServerInterceptor{
		"nothing": {},
		"other of Weir's": weirgrpc.ChainServer(
			weirgrpc.RecoverServer(quiet), weirgrpc.TimeoutServer(weirgrpc.TimeoutOptions{}), weirgrpc.ObserveServer(nobody)),
	} {
		for inner, o := range map[string]weirgrpc.AdmitOptions{"default": {}, "own": own} {
			t.Run(name+", "+inner, func(t *testing.T) {
				eachServing(t, func(t *testing.T, serve serving) {
					outer := newGuard(t)
					_, err := serve(weirgrpc.ChainServer(
						weirgrpc.AdmitServer(outer, weirgrpc.AdmitOptions{}),
						between,
						weirgrpc.AdmitServer(refusing(t, errFull), o),
					), context.Background(), nil)
					require.ErrorIs(t, err, errFull)
					require.Equal(t, weir.Ignored, outer.next())
				})
			})
		}
	}
}

func TestSheddingDoesNotOpenTheBreakerAroundIt(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		b := breaker.New(breaker.Options{})
		chain := weirgrpc.ChainServer(
			weirgrpc.AdmitServer(b, weirgrpc.AdmitOptions{}),
			weirgrpc.AdmitServer(refusing(t, errFull), weirgrpc.AdmitOptions{}),
		)
		for range 1000 {
			_, err := serve(chain, context.Background(), nil)
			require.ErrorIs(t, err, errFull)
		}
		require.Equal(t, breaker.Closed, b.State())
		require.Equal(t, uint64(1000), b.Stats().Ignored)
	})
}

func TestAQueueThatOutlastsTheDeadlineTeachesAnOuterGuardNothing(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		synctest.Test(t, func(t *testing.T) {
			queue := guardFunc(func(ctx context.Context) (weir.Permit, error) {
				<-ctx.Done()
				return weir.Permit{}, ctx.Err()
			})
			outer := newGuard(t)
			start := time.Now()
			_, err := serve(weirgrpc.ChainServer(
				weirgrpc.AdmitServer(outer, weirgrpc.AdmitOptions{}),
				weirgrpc.TimeoutServer(weirgrpc.TimeoutOptions{Unary: time.Second, Stream: time.Second}),
				weirgrpc.AdmitServer(queue, weirgrpc.AdmitOptions{}),
			), context.Background(), nil)
			require.Equal(t, codes.DeadlineExceeded, status.Code(err))
			require.Equal(t, time.Second, time.Since(start))
			require.Equal(t, weir.Ignored, outer.next())
		})
	})
}

func TestAnInnerRefusalOfAClientTeachesAnOuterGuardNothing(t *testing.T) {
	broken := weirgrpc.AdmitOptions{Refuse: func(context.Context, weirgrpc.Call, error, time.Duration) error { return errBroken }}
	strict := weirgrpc.AdmitOptions{Classify: func(error) weir.Outcome { return weir.Failure }}
	queue := guardFunc(func(context.Context) (weir.Permit, error) { return weir.Permit{}, context.DeadlineExceeded })
	for _, inner := range []weir.Guard{refusing(t, errFull), queue} {
		outer := newGuard(t)
		chain := weirgrpc.ChainClient(weirgrpc.AdmitClient(outer, strict), weirgrpc.AdmitClient(inner, broken))
		require.Error(t, invoke(chain, context.Background(), nil))
		require.Equal(t, weir.Ignored, outer.next())
		_, err := chain.Stream(context.Background(), bidi, nil, method, nil)
		require.Error(t, err)
		require.Equal(t, weir.Ignored, outer.next())
	}
}

// A timeout that comes as a status is a failure for the guard outside of it.
func TestATimeoutFurtherInIsAFailure(t *testing.T) {
	eachServing(t, func(t *testing.T, serve serving) {
		synctest.Test(t, func(t *testing.T) {
			g := newGuard(t)
			serve(weirgrpc.ChainServer(
				weirgrpc.AdmitServer(g, weirgrpc.AdmitOptions{}),
				weirgrpc.TimeoutServer(weirgrpc.TimeoutOptions{Unary: time.Second, Stream: time.Second}),
			), context.Background(), func(ctx context.Context) error { <-ctx.Done(); return nil })
			require.Equal(t, weir.Failure, g.next())
		})
	})
}

// The breaker's own rule: who is in too much of a hurry learns nothing.
func TestABreakerForgivesCallsThatHadTooLittleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		admit := weirgrpc.AdmitClient(b, weirgrpc.AdmitOptions{})
		call := func(patience time.Duration) {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_ = invoke(admit, ctx, func(ctx context.Context) error {
				select {
				case <-ctx.Done():
					return status.FromContextError(ctx.Err()).Err()
				case <-time.After(50 * time.Millisecond):
					return nil
				}
			})
		}
		for range 20 {
			call(time.Second)
		}
		for range 100 {
			call(time.Millisecond)
		}
		require.Equal(t, breaker.Closed, b.State())
		require.Equal(t, uint64(100), b.Stats().Ignored)
	})
}

func TestImpossibleAdmitOptionsPanic(t *testing.T) {
	bad := weirgrpc.AdmitOptions{Code: 17}
	require.EqualError(t, bad.Validate(), "weirgrpc: AdmitOptions.Code is not a code of gRPC")
	require.NoError(t, weirgrpc.AdmitOptions{Code: codes.Unauthenticated}.Validate())
	require.PanicsWithValue(t, bad.Validate().Error(), func() { weirgrpc.AdmitServer(open, bad) })
	require.PanicsWithValue(t, bad.Validate().Error(), func() { weirgrpc.AdmitClient(open, bad) })
	require.PanicsWithValue(t, "weirgrpc: AdmitServer with a nil Guard", func() { weirgrpc.AdmitServer(nil, weirgrpc.AdmitOptions{}) })
	require.PanicsWithValue(t, "weirgrpc: AdmitClient with a nil Guard", func() { weirgrpc.AdmitClient(nil, weirgrpc.AdmitOptions{}) })
	require.PanicsWithValue(t, "weirgrpc: AdmitServerBy with a nil func", func() { weirgrpc.AdmitServerBy(nil, weirgrpc.AdmitOptions{}) })
	require.PanicsWithValue(t, "weirgrpc: AdmitClientBy with a nil func", func() { weirgrpc.AdmitClientBy(nil, weirgrpc.AdmitOptions{}) })
}
