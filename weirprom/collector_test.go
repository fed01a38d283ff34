package weirprom_test

import (
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirprom"
)

func TestScrapeHasWhatSourcesTell(t *testing.T) {
	c := weirprom.NewCollector(
		tells(gauge("a_depth", 1, "name", "x"), counter("a_calls_total", 2, "outcome", "good", "name", "x")),
		tells(gauge("a_depth", 3, "name", "y")),
	)
	require.NoError(t, testutil.CollectAndCompare(c, strings.NewReader(`
		# HELP a_calls_total A a_calls_total.
		# TYPE a_calls_total counter
		a_calls_total{name="x",outcome="good"} 2
		# HELP a_depth A a_depth.
		# TYPE a_depth gauge
		a_depth{name="x"} 1
		a_depth{name="y"} 3
		# HELP weir_collector_dropped_total Metrics of sources that were left out of a scrape, by why.
		# TYPE weir_collector_dropped_total counter
		weir_collector_dropped_total{reason="duplicate"} 0
		weir_collector_dropped_total{reason="invalid"} 0
		weir_collector_dropped_total{reason="kind"} 0
		# HELP weir_collector_panics_total Panics of sources while they were asked.
		# TYPE weir_collector_panics_total counter
		weir_collector_panics_total 0
		# HELP weir_collector_sources Sources that are asked in a scrape.
		# TYPE weir_collector_sources gauge
		weir_collector_sources 2
	`)))
}

func TestScrapesFollowTheValues(t *testing.T) {
	source := tells(gauge("a_depth", 1), counter("a_calls_total", 1))
	r := registryOf(t, weirprom.NewCollector(source))
	for i := range 5 {
		(*source)[0].Value, (*source)[1].Value = float64(-i), float64(i)
		require.Equal(t, map[string]float64{"a_depth": float64(-i), "a_calls_total": float64(i)}, others(scrape(t, r)))
	}
}

func TestWhatWasGatheredDoesNotChange(t *testing.T) {
	source := tells(gauge("a_depth", 1))
	r := registryOf(t, weirprom.NewCollector(source))
	families, err := r.Gather()
	require.NoError(t, err)
	(*source)[0].Value = 2
	scrape(t, r)
	require.Equal(t, 1.0, families[0].Metric[0].Gauge.GetValue())
}

func TestSourcesComeAndGo(t *testing.T) {
	a, b := tells(gauge("a_depth", 1)), tells(gauge("b_depth", 2))
	c := weirprom.NewCollector()
	r := registryOf(t, c)
	for range 3 {
		require.Equal(t, map[string]float64{}, others(scrape(t, r)))
		c.Add(a, b, a)
		c.Add(a)
		require.Equal(t, 2.0, scrape(t, r)["weir_collector_sources"])
		require.Equal(t, map[string]float64{"a_depth": 1, "b_depth": 2}, others(scrape(t, r)))
		require.True(t, c.Remove(a))
		require.False(t, c.Remove(a))
		require.Equal(t, map[string]float64{"b_depth": 2}, others(scrape(t, r)))
		require.True(t, c.Remove(b))
	}
	require.False(t, c.Remove(nil))
	require.Zero(t, scrape(t, r)["weir_collector_dropped_total reason=duplicate"])
}

func TestSourcesMustBeSome(t *testing.T) {
	require.PanicsWithValue(t, "weirprom: a source is nil", func() { weirprom.NewCollector(tells(), nil) })
	c := weirprom.NewCollector((*fx.RetryBudget)(nil)) // which has no metrics, and says so
	require.PanicsWithValue(t, "weirprom: a source is nil", func() { c.Add(tells(), nil) })
	require.Equal(t, 1.0, scrape(t, registryOf(t, c))["weir_collector_sources"], "all or none")
}

// byFunc cannot be compared.
type byFunc func(yield func(weir.Metric) bool)

func (f byFunc) Metrics(yield func(weir.Metric) bool) { f(yield) }

func TestSourcesNeedNotBeComparableUntilTheyAreRemoved(t *testing.T) {
	f := byFunc(tells(gauge("a_depth", 1)).Metrics)
	c := weirprom.NewCollector(f)
	r := registryOf(t, c)
	require.Equal(t, map[string]float64{"a_depth": 1}, others(scrape(t, r)))
	require.PanicsWithValue(t, "weirprom: this source cannot be told from others; add a pointer to it", func() { c.Remove(f) })
	other := tells()
	c.Add(other)
	require.True(t, c.Remove(other), "beside one that cannot be compared")
	require.Equal(t, map[string]float64{"a_depth": 1}, others(scrape(t, r)))
}

func TestOfTheSameSeriesTheFirstCounts(t *testing.T) {
	c := weirprom.NewCollector(
		tells(gauge("a_depth", 1, "name", "x", "class", "good"), gauge("a_depth", 9, "class", "good", "name", "x")),
		tells(gauge("a_depth", 2, "class", "good", "name", "x"), gauge("a_depth", 3, "name", "", "class", "good")),
		tells(gauge("a_depth", 4, "class", "good")),
	)
	r := registryOf(t, c)
	for i := range 3 {
		got := scrape(t, r)
		require.Equal(t, 3.0*float64(i+1), got["weir_collector_dropped_total reason=duplicate"])
		require.Equal(t, map[string]float64{
			"a_depth class=good name=x": 1,
			"a_depth class=good name=":  3,
		}, others(got))
	}
}

// The same labels in another order are told apart until they are sorted.
func TestASeriesIsOneAsLongAsAnybodyTellsIt(t *testing.T) {
	one, two := gauge("a_depth", 1, "name", "x", "class", "good"), gauge("a_depth", 2, "class", "good", "name", "x")
	a, b := tells(one), tells(two)
	c := weirprom.NewCollector(a, b)
	r := registryOf(t, c)
	for range 3 {
		require.Equal(t, map[string]float64{"a_depth class=good name=x": 1}, others(scrape(t, r)))
		require.True(t, c.Remove(b))
		require.Equal(t, map[string]float64{"a_depth class=good name=x": 1}, others(scrape(t, r)))
		c.Add(b)
	}
	require.True(t, c.Remove(a))
	require.Equal(t, map[string]float64{"a_depth class=good name=x": 2}, others(scrape(t, r)))
}

func TestLabelsWithTheSameValueKeepTheirNames(t *testing.T) {
	c := weirprom.NewCollector(tells(gauge("a_depth", 1, "name", "x"), gauge("b_depth", 2, "class", "x"), gauge("c_depth", 3, "class", "y", "name", "x")))
	require.Equal(t, map[string]float64{"a_depth name=x": 1, "b_depth class=x": 2, "c_depth class=y name=x": 3}, others(scrape(t, registryOf(t, c))))
}

func TestComponentsWithTheSameNameDoNotBreakTheScrape(t *testing.T) {
	one, two := breaker.New(breaker.Options{Name: "db"}), breaker.New(breaker.Options{Name: "db"})
	two.Force(breaker.Open)
	r := registryOf(t, weirprom.NewCollector(one, two, limit.NewConcurrency(limit.ConcurrencyOptions{Max: 3})))
	got := scrape(t, r)
	require.Zero(t, got["weir_breaker_state name=db"], "that of the first one")
	require.Equal(t, 3.0, got["weir_concurrency_max name="])
	require.NotZero(t, got["weir_collector_dropped_total reason=duplicate"])
}

func TestOneNameHasOneKindAndOneHelp(t *testing.T) {
	first, second := gauge("a_depth", 1, "name", "x"), counter("a_depth", 2, "name", "y")
	third := gauge("a_depth", 3, "name", "z")
	third.Help = "Something else."
	a := tells(first)
	c := weirprom.NewCollector(a, tells(second), tells(third))
	r := registryOf(t, c)
	for i := range 3 {
		got := scrape(t, r)
		require.Equal(t, float64(i+1), got["weir_collector_dropped_total reason=kind"])
		require.Equal(t, map[string]float64{"a_depth name=x": 1, "a_depth name=z": 3}, others(got))
	}
}

func TestAKindCanChangeOnceNobodyTellsTheOther(t *testing.T) {
	a, b := tells(gauge("a_depth", 1, "name", "x")), tells(counter("a_depth", 2, "name", "y"))
	c := weirprom.NewCollector(a, b)
	r := registryOf(t, c)
	require.Equal(t, map[string]float64{"a_depth name=x": 1}, others(scrape(t, r)))
	c.Remove(a)
	scrape(t, r)
	require.Equal(t, map[string]float64{"a_depth name=y": 2}, others(scrape(t, r)))
	c.Remove(b)
	c.Add(a)
	scrape(t, r)
	require.Equal(t, map[string]float64{"a_depth name=x": 1}, others(scrape(t, r)))
}

func TestMetricsThatMakeNoSenseAreLeftOut(t *testing.T) {
	odd := gauge("a_odd", 1)
	odd.Kind = 7
	c := weirprom.NewCollector(tells(
		gauge("", 1), gauge("a-b", 1), gauge("1a", 1), gauge("ä", 1), gauge("a\xff", 1), gauge("a b\n", 1),
		gauge("a_depth", 1, "", "x"), gauge("a_depth", 1, "a-b", "x"), gauge("a_depth", 1, "a:b", "x"),
		gauge("a_depth", 1, "__name__", "x"), gauge("a_depth", 1, "x", "1", "y", "2", "x", "1"), odd,
		gauge("a:b", 1), gauge("_a1", 2, "_b2", "x"),
	))
	got := scrape(t, registryOf(t, c))
	require.Equal(t, 12.0, got["weir_collector_dropped_total reason=invalid"])
	require.Equal(t, map[string]float64{"a:b": 1, "_a1 _b2=x": 2}, others(got))
}

func TestAnyValueOfALabelIsMadeSafe(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	for value, want := range map[string]string{
		"plain":                         "plain",
		"\n\"\\ quotes":                 "\n\"\\ quotes",
		"a\x00b\x00":                    "a\uFFFDb\uFFFD",
		"a\xff\xfeb\xc3":                "a\uFFFDb\uFFFD",
		strings.Repeat("a", 1000):       strings.Repeat("a", 1000),
		long:                            strings.Repeat("é", 500) + "…5c7b2f240d622325",
		"x" + long:                      "x" + strings.Repeat("é", 499) + "…",
		strings.Repeat("\xff", 1<<20):   "\uFFFD…",
		strings.Repeat("\x00", 1001):    strings.Repeat("\uFFFD", 1000) + "…",
		strings.Repeat("\x80", 1000):    "\uFFFD",
		strings.Repeat("a", 999) + "éé": strings.Repeat("a", 999) + "…",
	} {
		r := registryOf(t, weirprom.NewCollector(tells(gauge("a_depth", 1, "name", value))))
		for range 2 {
			families, err := r.Gather()
			require.NoError(t, err)
			got := families[0].Metric[0].Label[0].GetValue()
			if strings.HasSuffix(want, "…") {
				require.Regexp(t, "^"+want+"[0-9a-f]{16}$", got)
			} else {
				require.Equal(t, want, got)
			}
		}
	}
}

func TestLongValuesThatBeginAlikeStayApart(t *testing.T) {
	long := strings.Repeat("a", 5000)
	c := weirprom.NewCollector(tells(gauge("a_depth", 1, "name", long+"1"), gauge("a_depth", 2, "name", long+"2")))
	require.Len(t, others(scrape(t, registryOf(t, c))), 2)
}

func TestValuesThatAreNoNumbersPass(t *testing.T) {
	c := weirprom.NewCollector(tells(
		gauge("a_nan", math.NaN()), gauge("a_inf", math.Inf(1)), counter("a_total", math.Inf(-1)), counter("b_total", -1),
	))
	got := scrape(t, registryOf(t, c))
	require.True(t, math.IsNaN(got["a_nan"]))
	require.Equal(t, math.Inf(1), got["a_inf"])
	require.Equal(t, math.Inf(-1), got["a_total"])
	require.Equal(t, -1.0, got["b_total"])
}

// breaks tells one metric and panics.
type breaks struct{ name string }

func (b *breaks) Metrics(yield func(weir.Metric) bool) {
	yield(gauge(b.name, 1))
	panic(errors.New("broken"))
}

func TestASourceThatPanicsCostsItselfOnly(t *testing.T) {
	var mu sync.Mutex
	var seen []*weir.Panic
	c := weirprom.NewCollector(tells(gauge("a_depth", 1)), &breaks{"b_depth"}, tells(gauge("c_depth", 3)))
	c.OnPanic = func(p *weir.Panic) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, p)
	}
	r := registryOf(t, c)
	for i := range 3 {
		got := scrape(t, r)
		require.Equal(t, float64(i+1), got["weir_collector_panics_total"])
		require.Equal(t, map[string]float64{"a_depth": 1, "b_depth": 1, "c_depth": 3}, others(got))
	}
	require.Len(t, seen, 3)
	require.EqualError(t, seen[0].Value.(error), "broken")
	require.Contains(t, string(seen[0].Stack), "breaks")
}

func TestTheFirstPanicOfEachSourceIsLogged(t *testing.T) {
	var out strings.Builder
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	r := registryOf(t, weirprom.NewCollector(&breaks{"a_depth"}, &breaks{"b_depth"}))
	for range 3 {
		scrape(t, r)
	}
	require.Equal(t, 2, strings.Count(out.String(), "weirprom: panic in the Metrics of a source"))
	require.Equal(t, 6.0, scrape(t, r)["weir_collector_panics_total"]-2)
}

// keeper keeps the yield of the first scrape, and calls it in the next ones.
type keeper struct {
	kept    func(weir.Metric) bool
	refused bool
}

func (k *keeper) Metrics(yield func(weir.Metric) bool) {
	if k.kept == nil {
		k.kept = yield
		return
	}
	k.refused = !k.kept(gauge("a_late", 1))
}

func TestYieldIsOverWithTheSource(t *testing.T) {
	k := &keeper{}
	r := registryOf(t, weirprom.NewCollector(k))
	scrape(t, r)
	require.Empty(t, others(scrape(t, r)))
	require.True(t, k.refused)
}

// again registers and takes away sources while it is asked.
type again struct{ c *weirprom.Collector }

func (a *again) Metrics(yield func(weir.Metric) bool) {
	s := tells()
	a.c.Add(s)
	a.c.Remove(s)
	scrapeAlone(a.c)
	yield(gauge("a_depth", 1))
}

// leaves takes itself away when it is asked.
type leaves struct{ c *weirprom.Collector }

func (l *leaves) Metrics(func(weir.Metric) bool) { l.c.Remove(l) }

func TestASourceThatLeavesCostsNoOther(t *testing.T) {
	c := weirprom.NewCollector()
	c.Add(&leaves{c}, tells(gauge("a_depth", 1)), tells(gauge("b_depth", 2)))
	require.Equal(t, map[string]float64{"a_depth": 1, "b_depth": 2}, others(scrape(t, registryOf(t, c))))
}

func scrapeAlone(c *weirprom.Collector) {
	one := prometheus.NewPedanticRegistry()
	one.MustRegister(weirprom.NewCollector(c))
	_, _ = one.Gather()
}

func TestNoLockIsHeldWhileASourceIsAsked(t *testing.T) {
	a := &again{c: weirprom.NewCollector()}
	a.c.Add(a)
	require.Equal(t, map[string]float64{"a_depth": 1}, others(scrape(t, registryOf(t, a.c))))
}

func TestASourceMayUseItsLabelsAgain(t *testing.T) {
	labels := []weir.Label{{Name: "name"}}
	c := weirprom.NewCollector(byFunc(func(yield func(weir.Metric) bool) {
		for _, name := range []string{"x", "y", "z"} {
			labels[0].Value = name
			yield(weir.Metric{Name: "a_depth", Help: "Depth.", Labels: labels, Value: float64(name[0])})
		}
	}))
	r := registryOf(t, c)
	for range 3 {
		require.Equal(t, map[string]float64{"a_depth name=x": 'x', "a_depth name=y": 'y', "a_depth name=z": 'z'}, others(scrape(t, r)))
	}
}

func TestWrappedRegistriesAddTheirLabels(t *testing.T) {
	c := weirprom.NewCollector(tells(gauge("depth", 1, "name", "x")))
	r := prometheus.NewRegistry()
	require.NoError(t, prometheus.WrapRegistererWith(prometheus.Labels{"job": "j"}, prometheus.WrapRegistererWithPrefix("p_", r)).Register(c))
	for range 2 {
		require.Contains(t, scrape(t, r), "p_depth job=j name=x")
	}
}

func TestItsOwnMetricsPassTheLinter(t *testing.T) {
	lint(t, registryOf(t, weirprom.NewCollector()))
	for stop := 1; stop <= 5; stop++ {
		n := 0
		weirprom.NewCollector().Metrics(func(weir.Metric) bool { n++; return n < stop })
		require.Equal(t, stop, n)
	}
}
