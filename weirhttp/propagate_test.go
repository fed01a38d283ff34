package weirhttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirhttp"
)

// propagated returns the context that a handler gets beneath Propagate.
func propagated(o weirhttp.PropagateOptions, parent context.Context, h http.Header) (ctx context.Context) {
	r := get().WithContext(parent)
	r.Header = h
	call(weirhttp.Propagate(o)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx = snapshot{r.Context(), r.Context().Err()}
	})), r)
	return ctx
}

// snapshot is a context with the error that it had when the handler ran.
type snapshot struct {
	context.Context
	err error
}

func (s snapshot) Err() error { return s.err }

func class(values ...string) http.Header {
	return http.Header{weirhttp.HeaderCriticality: values}
}

func wait(values ...string) http.Header {
	return http.Header{weirhttp.HeaderTimeout: values}
}

func TestHeaderNamesAreCanonical(t *testing.T) {
	for _, name := range []string{weirhttp.HeaderCriticality, weirhttp.HeaderTimeout, weirhttp.HeaderRefused} {
		require.Equal(t, http.CanonicalHeaderKey(name), name)
	}
}

func TestPropagateTakesOverTheCriticality(t *testing.T) {
	for text, want := range map[string]weir.Criticality{
		"sheddable": weir.Sheddable, "sheddable-plus": weir.SheddablePlus, "critical": weir.Critical,
		"critical-plus": weir.Critical, // cut: a stranger must not raise itself
	} {
		ctx := propagated(weirhttp.PropagateOptions{}, context.Background(), class(text))
		require.Equal(t, want, weir.CriticalityFrom(ctx), text)
	}
}

func TestPropagateCutsTheCriticalityToItsBound(t *testing.T) {
	trusting := weirhttp.PropagateOptions{MaxCriticality: weir.CriticalPlus}
	require.Equal(t, weir.CriticalPlus, weir.CriticalityFrom(propagated(trusting, context.Background(), class("critical-plus"))))
	strict := weirhttp.PropagateOptions{MaxCriticality: weir.Sheddable}
	require.Equal(t, weir.Sheddable, weir.CriticalityFrom(propagated(strict, context.Background(), class("critical"))))
}

func TestPropagateIgnoresACriticalityThatIsNone(t *testing.T) {
	for name, h := range map[string]http.Header{
		"absent": {}, "empty": class(""), "no values": class(), "unknown": class("urgent"), "upper case": class("SHEDDABLE"),
		"a number": class("1"), "repeated": class("sheddable", "sheddable"), "a list": class("sheddable, critical"),
		"huge": class(strings.Repeat("sheddable", 1<<16)), "control bytes": class("sheddable\x00"),
	} {
		require.Equal(t, weir.Critical, weir.CriticalityFrom(propagated(weirhttp.PropagateOptions{}, context.Background(), h)), name)
	}
	off := weirhttp.PropagateOptions{DisableCriticality: true}
	require.Equal(t, weir.Critical, weir.CriticalityFrom(propagated(off, context.Background(), class("sheddable"))))
}

func TestPropagateNeverLowersTheClassOfTheContext(t *testing.T) {
	parent := weir.WithCriticality(context.Background(), weir.CriticalPlus)
	ctx := propagated(weirhttp.PropagateOptions{}, parent, class("sheddable"))
	require.Equal(t, weir.CriticalPlus, weir.CriticalityFrom(ctx))
}

func TestPropagateTakesOverTheDeadline(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "1": time.Millisecond, "250": 250 * time.Millisecond, "007": 7 * time.Millisecond,
		"3600000": time.Hour, "3600001": time.Hour, "999999999": time.Hour,
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx := propagated(weirhttp.PropagateOptions{}, context.Background(), wait(text))
			deadline, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, want, time.Until(deadline))
			if want == 0 {
				require.Equal(t, context.DeadlineExceeded, ctx.Err())
			} else {
				require.NoError(t, ctx.Err())
			}
		})
	}
}

func TestPropagateBoundsTheDeadline(t *testing.T) {
	for bound, want := range map[time.Duration]time.Duration{
		time.Second: time.Second, time.Hour: 5 * time.Second, -1: 5 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx := propagated(weirhttp.PropagateOptions{MaxTimeout: bound}, context.Background(), wait("5000"))
			deadline, _ := ctx.Deadline()
			require.Equal(t, want, time.Until(deadline))
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx := propagated(weirhttp.PropagateOptions{MaxTimeout: -1}, context.Background(), wait("999999999"))
		deadline, _ := ctx.Deadline()
		require.Equal(t, 999999999*time.Millisecond, time.Until(deadline))
	})
}

func TestPropagateIgnoresADeadlineThatIsNone(t *testing.T) {
	for name, h := range map[string]http.Header{
		"absent": {}, "empty": wait(""), "no values": wait(), "negative": wait("-1"), "signed": wait("+1"),
		"a fraction": wait("1.5"), "a unit": wait("5s"), "hexadecimal": wait("0x10"), "an exponent": wait("1e3"),
		"spaces": wait(" 5"), "repeated": wait("5", "5"), "a list": wait("5,6"), "ten digits": wait("1000000000"),
		"an overflow": wait("18446744073709551617"), "huge": wait(strings.Repeat("9", 1<<20)),
		"other digits": wait("٣"), "control bytes": wait("5\x00"),
	} {
		_, ok := propagated(weirhttp.PropagateOptions{}, context.Background(), h).Deadline()
		require.False(t, ok, name)
	}
	_, ok := propagated(weirhttp.PropagateOptions{DisableTimeout: true}, context.Background(), wait("5")).Deadline()
	require.False(t, ok)
}

func TestPropagateKeepsAnEarlierDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		deadline, _ := propagated(weirhttp.PropagateOptions{}, parent, wait("5000")).Deadline()
		require.Equal(t, time.Second, time.Until(deadline))
	})
}

func TestPropagateAnswers504WhereTheCallerNoLongerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := get()
		r.Header = wait("20")
		g, start := &guard{}, time.Now()
		w := call(weirhttp.Chain(
			weirhttp.Propagate(weirhttp.PropagateOptions{}),
			weirhttp.Admit(g, weirhttp.AdmitOptions{}),
		)(waiting), r)
		require.Equal(t, 20*time.Millisecond, time.Since(start))
		require.Equal(t, http.StatusGatewayTimeout, w.Code)
		require.Equal(t, []weir.Outcome{weir.Failure}, g.seen())
	})
}

func TestPropagateWithBothHeadersOverARealConnection(t *testing.T) {
	both(t, func() http.Handler {
		return chain(&guard{}, nobody)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			deadline, ok := r.Context().Deadline()
			if ok && time.Until(deadline) <= 5*time.Second && weir.CriticalityFrom(r.Context()) == weir.Sheddable {
				w.WriteHeader(http.StatusTeapot)
			}
		}))
	}, func(t *testing.T, srv *httptest.Server) {
		req, err := http.NewRequest(http.MethodGet, srv.URL, nil)
		require.NoError(t, err)
		req.Header.Set(weirhttp.HeaderTimeout, "5000")
		req.Header.Set(weirhttp.HeaderCriticality, "sheddable")
		resp, err := srv.Client().Do(req)
		require.NoError(t, err)
		require.Equal(t, http.StatusTeapot, resp.StatusCode)
		body(t, resp)
	})
}

func FuzzPropagateNeverFailsARequest(f *testing.F) {
	for _, seed := range []string{"", "0", "250", "-1", "99999999999999999999", "sheddable", "critical-plus", "x\x00"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, c, ms string) {
		h := class(c)
		h[weirhttp.HeaderTimeout] = []string{ms}
		ctx := propagated(weirhttp.PropagateOptions{}, context.Background(), h)
		require.NotNil(t, ctx, "the handler was called")

		want := weir.Critical
		if parsed, err := weir.ParseCriticality(c); err == nil {
			want = min(parsed, weir.Critical)
		}
		require.Equal(t, want, weir.CriticalityFrom(ctx))

		n, err := strconv.ParseUint(ms, 10, 64)
		deadline, ok := ctx.Deadline()
		require.Equal(t, err == nil && len(ms) <= 9, ok, "%q %d", ms, n)
		if ok {
			require.LessOrEqual(t, time.Until(deadline), time.Hour)
		}
	})
}
