package weirhttp_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

func TestChainPutsTheFirstOutermost(t *testing.T) {
	var order []string
	note := func(name string) weirhttp.Middleware {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				order = append(order, name+" in")
				next.ServeHTTP(w, r)
				order = append(order, name+" out")
			})
		}
	}
	h := weirhttp.Chain(note("a"), note("b"))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		order = append(order, "handler")
	}))
	call(h, get())
	require.Equal(t, []string{"a in", "b in", "handler", "b out", "a out"}, order)
}

func TestChainOfNothingChangesNothing(t *testing.T) {
	h := http.NotFoundHandler()
	require.Equal(t, http.StatusNotFound, call(weirhttp.Chain()(h), get()).Code)
}

func TestChainDoesNotFollowItsArgumentsLater(t *testing.T) {
	mws := []weirhttp.Middleware{weirhttp.MaxBytes(1)}
	c := weirhttp.Chain(mws...)
	mws[0] = nil
	require.NotPanics(t, func() { c(http.NotFoundHandler()) })
}

func TestNilArgumentsPanicWhereTheyArePassed(t *testing.T) {
	require.PanicsWithValue(t, "weirhttp: Chain with a nil Middleware", func() { weirhttp.Chain(nil) })
	require.PanicsWithValue(t, "weirhttp: Admit with a nil Guard", func() { weirhttp.Admit(nil, weirhttp.AdmitOptions{}) })
	require.PanicsWithValue(t, "weirhttp: Observe with a nil func", func() { weirhttp.Observe(nil) })
	for name, mw := range map[string]weirhttp.Middleware{
		"Chain":         weirhttp.Chain(),
		"a nil result":  weirhttp.Chain(func(http.Handler) http.Handler { return nil }),
		"Recover":       weirhttp.Recover(weirhttp.RecoverOptions{}),
		"Admit":         weirhttp.Admit(&guard{}, weirhttp.AdmitOptions{}),
		"Timeout":       weirhttp.Timeout(0),
		"Timeout, off":  weirhttp.Timeout(-1),
		"MaxBytes":      weirhttp.MaxBytes(0),
		"MaxBytes, off": weirhttp.MaxBytes(-1),
		"Observe":       weirhttp.Observe(nobody),
		"Propagate":     weirhttp.Propagate(weirhttp.PropagateOptions{}),
	} {
		require.PanicsWithValue(t, "weirhttp: nil http.Handler", func() { mw(nil) }, name)
	}
}

func TestImpossibleOptionsPanicAndAreReported(t *testing.T) {
	for _, status := range []int{-1, 1, 200, 399, 600} {
		o := weirhttp.AdmitOptions{Status: status}
		require.EqualError(t, o.Validate(), "weirhttp: AdmitOptions.Status must be 400 to 599")
		require.PanicsWithValue(t, o.Validate().Error(), func() { weirhttp.Admit(&guard{}, o) })
	}
	require.NoError(t, weirhttp.AdmitOptions{}.Validate())
	o := weirhttp.PropagateOptions{MaxCriticality: 5}
	require.EqualError(t, o.Validate(), "weirhttp: PropagateOptions.MaxCriticality is unknown")
	require.PanicsWithValue(t, o.Validate().Error(), func() { weirhttp.Propagate(o) })
	require.NoError(t, weirhttp.PropagateOptions{}.Validate())
}
