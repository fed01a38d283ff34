package weirhttp_test

import (
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/weirhttp"
)

// hostile is a source whose methods are the funcs that it has.
type hostile struct {
	metrics func(func(weir.Metric) bool)
	details func(func(string, string) bool)
	name    func() string
}

func (h *hostile) Metrics(yield func(weir.Metric) bool) {
	if h.metrics != nil {
		h.metrics(yield)
	}
}

func (h *hostile) Details(yield func(key, value string) bool) {
	if h.details != nil {
		h.details(yield)
	}
}

func (h *hostile) Name() string {
	if h.name != nil {
		return h.name()
	}
	return "hostile"
}

// whole is a source that consists of others.
type whole func(yield func(weir.Source) bool)

func (whole) Metrics(func(weir.Metric) bool) { panic("its parts are asked instead") }
func (w whole) Parts() iter.Seq[weir.Source] { return iter.Seq[weir.Source](w) }

func TestDebugSourceThatPanicsCostsOnlyItsRow(t *testing.T) {
	fails := func() { panic(errors.New("out of stock")) }
	depth := func(yield func(weir.Metric) bool) { yield(gauge("depth", 1)) }
	for what, h := range map[string]*hostile{
		"metrics": {metrics: func(func(weir.Metric) bool) { fails() }},
		"details": {metrics: depth, details: func(func(string, string) bool) { fails() }},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := weirhttp.Debug(named("before"), h, named("after"))
			r := reportOf(t, d, "")
			require.Equal(t, 3, len(r.Components), what)
			for _, c := range r.Components {
				if c.Name != "hostile" {
					require.Equal(t, "closed", c.State)
					continue
				}
				require.Equal(t, []string{"hostile", "warning", "panicked", "Looking at it panicked: out of stock"},
					[]string{c.Kind, c.Level, c.State, c.Why})
			}
			v := watch(t, d, "")
			pass(3 * time.Second)
			require.Len(t, v.last().Rows, 3)
			v.leave()
			<-v.gone
		})
	}
}

func TestDebugSourceThatPanicsHalfwayKeepsWhatItHasSaid(t *testing.T) {
	d := weirhttp.Debug(&hostile{metrics: func(yield func(weir.Metric) bool) {
		yield(gauge("depth", 1))
		panic("half way")
	}})
	r := reportOf(t, d, "")
	require.Equal(t, 2, r.Total)
	require.Equal(t, []string{"panicked", "ok"}, []string{r.Components[0].State, r.Components[1].State})
}

func TestDebugPartThatPanicsCostsOnlyItsRow(t *testing.T) {
	d := weirhttp.Debug(whole(func(yield func(weir.Source) bool) {
		_ = yield(named("a")) && yield(nil) && yield((*breaker.Breaker)(nil)) && yield(named("b"))
		panic("no more parts")
	}))
	r := reportOf(t, d, "")
	require.Equal(t, map[string]int{"warning": 2, "ok": 2}, r.Levels)
	require.Contains(t, []string{r.Components[0].Why, r.Components[1].Why}, "Looking at it panicked: no more parts")
}

func TestDebugSourceThatIsAPartOfItselfEnds(t *testing.T) {
	var w whole
	w = func(yield func(weir.Source) bool) { _ = yield(named("a")) && yield(w) }
	require.Less(t, reportOf(t, weirhttp.Debug(w), "").Total, 10)
}

func TestDebugSourceThatDoesNotStopIsStopped(t *testing.T) {
	endless := &hostile{metrics: func(yield func(weir.Metric) bool) {
		for {
			yield(gauge("depth", 1))
		}
	}}
	wordy := &hostile{
		metrics: func(yield func(weir.Metric) bool) { yield(gauge("depth", 1)) },
		details: func(yield func(string, string) bool) {
			for {
				yield("reason", "because")
			}
		},
	}
	r := reportOf(t, weirhttp.Debug(endless, wordy), "")
	require.Equal(t, 3, r.Total)
	for _, c := range r.Components {
		require.LessOrEqual(t, len(c.Metrics), 200)
		require.LessOrEqual(t, len(c.Details), 20)
	}
}

func TestDebugSourceWithNothingToSayHasNoRow(t *testing.T) {
	require.Zero(t, reportOf(t, weirhttp.Debug((*fx.RetryBudget)(nil), &hostile{}, metrics{}), "").Total)
}

func TestDebugTellsNamesAsTheyAreAndShortenedInTheView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := []string{
			`<script>alert(1)</script>`, `"quoted" 'too' \`, "new\nline\r\n\ndata: {}", "\u202egnirts\u2066", "\x00\x1b[31m",
			strings.Repeat("long", 2500), "invalid \xff utf-8", "</title><!--", "\u2028\u2029",
		}
		d := weirhttp.Debug()
		for _, name := range names {
			d.Add(named(name))
		}
		got := reportOf(t, d, "").names()
		require.Len(t, got, len(names))
		for _, name := range names {
			require.Contains(t, got, strings.ToValidUTF8(name, "\ufffd"))
		}
		require.NotContains(t, lookAt(t, d, "/?format=json").Body.String(), "<")
		v := watch(t, d, "")
		require.Len(t, v.last().Rows, len(names))
		for _, row := range v.last().Rows {
			require.LessOrEqual(t, len(row.Name), 510)
		}
		v.leave()
		<-v.gone
	})
}

func TestDebugSourceWithNewLabelsAtEachLookDoesNotGrowAView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		d := weirhttp.Debug(source(func(yield func(weir.Metric) bool) {
			n++
			yield(weir.Metric{Name: "weir_pool_idle", Labels: []weir.Label{{Name: "name"}, {Name: "x", Value: strings.Repeat("x", n)}}})
		}))
		v := watch(t, d, "")
		for range 1200 {
			pass(1 * time.Second)
			require.Len(t, v.last().Layouts, 1)
		}
		require.Equal(t, 1200, v.last().Rows[0].Layout)
		v.leave()
		<-v.gone
	})
}

func TestDebugSourceWithAPanickingNameHasNone(t *testing.T) {
	d := weirhttp.Debug(&hostile{
		name:    func() string { panic("no name") },
		metrics: func(yield func(weir.Metric) bool) { yield(gauge("depth", 1)) },
	})
	require.Equal(t, []string{""}, reportOf(t, d, "").names())
}
