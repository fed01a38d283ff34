package weir_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/collection"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/load"
	"github.com/weirgo/weir/weirhttp"
)

// The headline benchmarks of the toolkit. Module bench runs the same work beside
// the peers.

func BenchmarkBreakerDo(b *testing.B) {
	br := breaker.New(breaker.Options{})
	parallel(b, func(ctx context.Context) error { return br.Do(ctx, succeed) })
}

func BenchmarkBreakerAllowDone(b *testing.B) {
	br := breaker.New(breaker.Options{})
	parallel(b, func(ctx context.Context) error { return allowDone(ctx, br) })
}

func BenchmarkBreakerRefusal(b *testing.B) {
	br := breaker.New(breaker.Options{TripDelay: -1, ProbeInterval: time.Hour})
	for br.State() != breaker.Open {
		_ = br.Do(b.Context(), func(context.Context) error { return errors.New("down") })
	}
	parallel(b, func(ctx context.Context) error {
		if _, err := br.Allow(ctx); !errors.Is(err, weir.ErrRejected) {
			return errors.New("the open breaker admitted a call")
		}
		return nil
	})
}

func BenchmarkConcurrencyAllowDone(b *testing.B) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 100})
	parallel(b, func(ctx context.Context) error { return allowDone(ctx, l) })
}

func BenchmarkShedderAllowDone(b *testing.B) {
	s := load.New(load.Options{MinLimit: 1000}) // no caller here ever pauses, which is an overload
	parallel(b, func(ctx context.Context) error { return allowDone(ctx, s) })
}

func BenchmarkShedderRefusal(b *testing.B) {
	full := load.New(load.Options{MaxLimit: 1})
	held, err := full.Allow(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer held.Done(weir.Success)
	parallel(b, func(ctx context.Context) error {
		// A call may go in once a second to see whether those inside will ever end.
		p, _ := full.Allow(ctx)
		p.Done(weir.Ignored)
		return nil
	})
	if full.Stats().Refused == 0 && b.N > 1 {
		b.Error("the full shedder refused nobody")
	}
}

func BenchmarkJoinedGuards(b *testing.B) {
	g := weir.Join(
		limit.NewConcurrency(limit.ConcurrencyOptions{Max: 100}),
		breaker.New(breaker.Options{}),
	)
	parallel(b, func(ctx context.Context) error { return weir.Do(ctx, g, succeed) })
}

func BenchmarkRollingWindowAdd(b *testing.B) {
	w := collection.NewRollingWindow[int64](40, 250*time.Millisecond)
	parallel(b, func(context.Context) error { w.Add(1); return nil })
}

func BenchmarkRollingWindowAddTotal(b *testing.B) {
	w := collection.NewRollingWindow[int64](40, 250*time.Millisecond)
	parallel(b, func(context.Context) error {
		w.Add(1)
		if w.Total().Count == 0 {
			return errors.New("nothing counted")
		}
		return nil
	})
}

func BenchmarkHTTPChain(b *testing.B) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	chains := map[string]weirhttp.Middleware{
		"bare": weirhttp.Chain(),
		"protected": weirhttp.Chain(
			weirhttp.Recover(weirhttp.RecoverOptions{}),
			weirhttp.Observe(func(weirhttp.Observation) {}),
			weirhttp.Admit(load.New(load.Options{}), weirhttp.AdmitOptions{}),
			weirhttp.Admit(limit.NewConcurrency(limit.ConcurrencyOptions{Max: 100}), weirhttp.AdmitOptions{}),
			weirhttp.Admit(breaker.New(breaker.Options{}), weirhttp.AdmitOptions{}),
			weirhttp.Timeout(time.Second),
		),
	}
	for _, name := range []string{"bare", "protected"} {
		b.Run(name, func(b *testing.B) {
			h := chains[name](handler)
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.ResponseRecorder{}
				h.ServeHTTP(&w, r)
				if w.Code != http.StatusNoContent {
					b.Fatal(w.Code)
				}
			}
		})
	}
}

func succeed(context.Context) error { return nil }

func allowDone(ctx context.Context, g weir.Guard) error {
	p, err := g.Allow(ctx)
	if err == nil {
		p.Done(weir.Success)
	}
	return err
}

// parallel runs op on all processors, and fails if op ever does.
func parallel(b *testing.B, op func(context.Context) error) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := op(context.Background()); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
