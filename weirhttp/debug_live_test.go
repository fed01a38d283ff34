package weirhttp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirhttp"
)

// event is what the page gets.
type event struct {
	at       time.Time // when it was flushed
	deadline time.Time // of its write

	Title          string
	Force          bool
	Total, Matched int
	Levels         []int
	Kinds          map[string]int
	Layouts        map[string]struct {
		Metrics []struct{ Name, Short, Help string }
		Lead    []struct {
			At    int
			Title string
			Bad   bool
		}
	}
	Rows []struct {
		ID, Kind, Name, State, Why string
		Level, Layout              int
		Since                      int64
		Force                      bool
		Values                     []any
		Details                    []struct{ Key, Value string }
	}
}

// viewer is the client of a view, and its connection.
type viewer struct {
	header   http.Header
	buf      bytes.Buffer
	deadline time.Time
	mu       sync.Mutex
	events   []event // guarded by mu
	stuck    atomic.Bool
	leave    context.CancelFunc
	gone     chan struct{} // closed when the handler has returned
	status   int
}

func (v *viewer) Header() http.Header  { return v.header }
func (v *viewer) WriteHeader(code int) { v.status = code }
func (v *viewer) Write(b []byte) (int, error) {
	if v.stuck.Load() {
		time.Sleep(time.Until(v.deadline))
		return 0, os.ErrDeadlineExceeded
	}
	return v.buf.Write(b)
}

func (v *viewer) SetWriteDeadline(t time.Time) error {
	v.deadline = t
	return nil
}

func (v *viewer) FlushError() error {
	e := event{at: time.Now(), deadline: v.deadline}
	text, ok := strings.CutPrefix(v.buf.String(), "data: ")
	if !ok || !strings.HasSuffix(text, "\n\n") || strings.Count(text, "\n") != 2 {
		panic("not an event: " + v.buf.String())
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		panic(err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.events = append(v.events, e)
	v.buf.Reset()
	return nil
}

func (v *viewer) all() []event {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.events)
}

func (v *viewer) last() event { return v.all()[len(v.all())-1] }

// watch begins to watch. It needs a bubble.
func watch(t *testing.T, d http.Handler, query string) *viewer {
	ctx, cancel := context.WithCancel(t.Context())
	v := &viewer{header: http.Header{}, leave: cancel, gone: make(chan struct{})}
	go func() {
		defer close(v.gone)
		d.ServeHTTP(v, httptest.NewRequestWithContext(ctx, "GET", "/?format=events"+query, nil))
	}()
	synctest.Wait()
	return v
}

// pass lets time pass, and what is due happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestDebugViewHasAnEventEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		v := watch(t, weirhttp.NewDebug(weirhttp.DebugOptions{Title: "orders", Sources: []weir.Source{named("db")}}), "")
		pass(10 * time.Second)
		v.leave()
		<-v.gone
		require.Len(t, v.all(), 11)
		for i, e := range v.all() {
			require.Equal(t, began.Add(time.Duration(i)*time.Second), e.at)
			require.Equal(t, e.at.Add(10*time.Second), e.deadline)
			require.Equal(t, "orders", e.Title)
			require.Equal(t, "closed", e.Rows[0].State)
		}
		require.Equal(t, "text/event-stream; charset=utf-8", v.header.Get("Content-Type"))
		require.Equal(t, "close", v.header.Get("Connection"))
	})
}

func TestDebugViewTellsOfANewStateWithinHalfASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := named("db")
		v := watch(t, weirhttp.Debug(manyBreakers(200), b), "")
		pass(2100 * time.Millisecond)
		require.Len(t, v.all(), 3)
		b.Force(breaker.ForcedOpen)
		pass(500 * time.Millisecond)
		require.Len(t, v.all(), 4)
		require.Equal(t, []string{"db", "forced-open"}, []string{v.last().Rows[0].Name, v.last().Rows[0].State})
		require.Equal(t, []int{201, 0, 0, 1}, v.last().Levels)
		v.leave()
		<-v.gone
	})
}

func TestDebugViewEndsAtOnceWhenTheViewerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := watch(t, weirhttp.Debug(named("db")), "")
		pass(1234 * time.Millisecond)
		left := time.Now()
		v.leave()
		<-v.gone
		require.Zero(t, time.Since(left))
	})
}

func TestDebugLooksOnlyWhileSomebodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		d := weirhttp.Debug(source(func(func(weir.Metric) bool) { looks++ }))
		pass(time.Hour)
		require.Zero(t, looks)
		v := watch(t, d, "")
		pass(9*time.Second + time.Millisecond)
		v.leave()
		<-v.gone
		require.Equal(t, 19, looks)
		pass(time.Hour)
		require.Equal(t, 19, looks)
	})
}

func TestDebugViewTellsOnceWhatDoesNotChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := named("db")
		v := watch(t, weirhttp.Debug(b, named("search"), metrics{gauge("depth", 1)}), "")
		require.Len(t, v.all()[0].Layouts, 2, "both breakers have the same")
		require.Equal(t, v.all()[0].Rows[0].Layout, v.all()[0].Rows[1].Layout)
		require.NotNil(t, v.all()[0].Rows[0].Details)
		pass(time.Second)
		require.Empty(t, v.last().Layouts)
		require.Nil(t, v.last().Rows[0].Details)
		_ = b.Do(t.Context(), func(context.Context) error { return errDown })
		pass(time.Second)
		require.Equal(t, "reason", v.last().Rows[0].Details[1].Key)
		require.Nil(t, v.last().Rows[1].Details)
		v.leave()
		<-v.gone
	})
}

func TestDebugViewIsOfWhatWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := watch(t, weirhttp.Debug(manyBreakers(2000)), "&q=host-19&limit=100000")
		require.Equal(t, 2001, v.last().Total)
		require.Equal(t, 111, v.last().Matched)
		require.Len(t, v.last().Rows, 111)
		v.leave()
		<-v.gone
		v = watch(t, weirhttp.Debug(manyBreakers(2000)), "&limit=100000")
		require.Len(t, v.last().Rows, 500, "a page with more is of no use")
		v.leave()
		<-v.gone
	})
}

// A component that refuses a call now and then stays where it is.
func TestDebugViewHoldsWhatPassesForFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refused atomic.Int64
		d := weirhttp.Debug(source(func(yield func(weir.Metric) bool) {
			yield(weir.Metric{Name: "weir_concurrency_refused_total", Help: "Refused.", Kind: weir.Counter, Value: float64(refused.Load())})
		}))
		v := watch(t, d, "")
		pass(time.Second)
		refused.Add(1)
		for second := range 5 {
			pass(time.Second)
			require.Equal(t, "refusing", v.last().Rows[0].State, second)
			require.Equal(t, 2, v.last().Rows[0].Level)
		}
		pass(time.Second)
		require.Equal(t, "ok", v.last().Rows[0].State)
		v.leave()
		<-v.gone
	})
}

func TestDebugViewersHaveABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := weirhttp.NewDebug(weirhttp.DebugOptions{MaxViewers: 2})
		a, b := watch(t, d, ""), watch(t, d, "")
		refused := watch(t, d, "")
		<-refused.gone
		require.Equal(t, http.StatusServiceUnavailable, refused.status)
		require.Equal(t, "5", refused.header.Get("Retry-After"))
		a.leave()
		<-a.gone
		c := watch(t, d, "")
		require.Len(t, c.all(), 1)
		for _, v := range []*viewer{b, c} {
			v.leave()
			<-v.gone
		}
		unbounded := weirhttp.NewDebug(weirhttp.DebugOptions{MaxViewers: -1})
		for range 100 {
			v := watch(t, unbounded, "")
			require.Len(t, v.all(), 1)
			defer func() { v.leave(); <-v.gone }()
		}
	})
}

func TestDebugViewEndsWhenTheViewerDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := weirhttp.NewDebug(weirhttp.DebugOptions{MaxViewers: 1})
		v := watch(t, d, "")
		pass(100 * time.Millisecond)
		v.stuck.Store(true)
		began := time.Now()
		<-v.gone
		require.Equal(t, 900*time.Millisecond+10*time.Second, time.Since(began))
		next := watch(t, d, "")
		require.Len(t, next.all(), 1, "the place is free")
		next.leave()
		<-next.gone
	})
}

func TestDebugViewsEndWhenTheServerShutsDown(t *testing.T) {
	d := weirhttp.Debug(named("db"))
	srv := httptest.NewServer(d)
	defer srv.Close()
	for range 3 {
		resp, err := srv.Client().Get(srv.URL + "?format=events")
		require.NoError(t, err)
		defer resp.Body.Close()
		line, err := bufio.NewReader(resp.Body).ReadString('\n')
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(line, "data: {"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, srv.Config.Shutdown(ctx))
}

func TestDebugViewWorksOverHTTP2(t *testing.T) {
	srv := httptest.NewUnstartedServer(weirhttp.Debug(named("db")))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL + "?format=events")
	require.NoError(t, err)
	require.Equal(t, 2, resp.ProtoMajor)
	in := bufio.NewReader(resp.Body)
	for range 2 { // it goes on after the first
		line, err := in.ReadString('\n')
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(line, "data: {"))
		_, err = in.ReadString('\n')
		require.NoError(t, err)
	}
	require.NoError(t, resp.Body.Close())
}

func TestDebugWatchesSourcesThatComeAndGo(t *testing.T) {
	d := weirhttp.Debug()
	g := breaker.NewGroup[int](breaker.GroupOptions{MaxKeys: 50})
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; !stop.Load(); i++ {
			d.Add(g, named("db"))
			_ = g.Get(i%100).Do(context.Background(), func(context.Context) error { return errDown })
			d.Remove(g)
		}
	}()
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		w := &nowhere{header: http.Header{}, cancel: cancel, after: 1}
		d.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/?format=events", nil))
		require.NotZero(t, w.bytes)
	}
	stop.Store(true)
	<-done
}
