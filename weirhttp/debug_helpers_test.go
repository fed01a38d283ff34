package weirhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirhttp"
)

// report is what ?format=json says.
type report struct {
	Title          string
	Time           time.Time
	Seconds        float64
	Total, Matched int
	Levels, Kinds  map[string]int
	Components     []reported
}

type reported struct {
	ID, Kind, Name, Level, State, Why string
	Since                             time.Time
	Details                           []struct{ Key, Value string }
	Metrics                           []struct {
		Name, Help, Kind string
		Labels           map[string]string
		Value            any
		Rate             any
	}
}

func lookAt(t *testing.T, d http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", target, nil))
	return w
}

func reportOf(t *testing.T, d http.Handler, query string) (r report) {
	t.Helper()
	w := lookAt(t, d, "/debug/weir?format=json"+query)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &r))
	return r
}

// names are those of the components, in their order.
func (r report) names() (names []string) {
	for _, c := range r.Components {
		names = append(names, c.Name)
	}
	return names
}

var errDown = errors.New("connection refused")

// trip opens a breaker by failures. It needs a bubble.
func trip(b *breaker.Breaker) {
	for b.State() != breaker.Open {
		_ = b.Do(context.Background(), func(context.Context) error { return errDown })
		time.Sleep(50 * time.Millisecond)
	}
}

// metrics is a source of its elements.
type metrics []weir.Metric

func (m metrics) Metrics(yield func(weir.Metric) bool) {
	for _, metric := range m {
		if !yield(metric) {
			return
		}
	}
}

func gauge(name string, value float64) weir.Metric { return weir.Metric{Name: name, Value: value} }

// source is a source made of a func.
type source func(yield func(weir.Metric) bool)

func (s source) Metrics(yield func(weir.Metric) bool) { s(yield) }

// counter counts up whenever it is looked at.
func counter(name string, step float64) weir.Source {
	value := 0.0
	return source(func(yield func(weir.Metric) bool) {
		value += step
		yield(weir.Metric{Name: name, Help: "Those that were refused.", Kind: weir.Counter, Value: value})
	})
}

func named(name string) *breaker.Breaker { return breaker.New(breaker.Options{Name: name}) }

var _ http.Handler = (*weirhttp.DebugHandler)(nil)
