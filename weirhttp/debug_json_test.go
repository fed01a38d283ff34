package weirhttp_test

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirhttp"
)

const goldenReport = `{
  "title": "orders",
  "time": "2000-01-01T00:00:01Z",
  "seconds": 1,
  "total": 2,
  "matched": 2,
  "levels": {
    "critical": 1,
    "warning": 1
  },
  "kinds": {
    "breaker": 1,
    "source": 1
  },
  "components": [
    {
      "id": "ID",
      "kind": "breaker",
      "name": "\u003cb\u003edb",
      "level": "critical",
      "state": "forced-open",
      "why": "connection refused (once, at 2000-01-01T00:00:00Z)",
      "details": [
        {
          "key": "state",
          "value": "forced-open"
        },
        {
          "key": "reason",
          "value": "connection refused (once, at 2000-01-01T00:00:00Z)"
        }
      ],
      "metrics": []
    },
    {
      "id": "ID",
      "kind": "source",
      "name": "",
      "level": "warning",
      "state": "refusing",
      "why": "2.0/s: Those that were refused.",
      "metrics": [
        {
          "name": "mail_refused_total",
          "help": "Those that were refused.",
          "kind": "counter",
          "value": 4,
          "rate": 2
        }
      ]
    }
  ]
}
`

func TestDebugJSONHasTheShapeThatIsDocumented(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := named("<b>db")
		_ = b.Do(t.Context(), func(context.Context) error { return errDown })
		b.Force(breaker.ForcedOpen)
		d := weirhttp.NewDebug(weirhttp.DebugOptions{
			Title: "orders", Sources: []weir.Source{b, counter("mail_refused_total", 2)},
		})
		text := lookAt(t, d, "/?format=json&seconds=1").Body.String()
		text = regexp.MustCompile(`"id": "[0-9a-z]+"`).ReplaceAllString(text, `"id": "ID"`)
		text = regexp.MustCompile(`(?s)("id": "ID",\s+"kind": "breaker".*?"metrics": )\[.*?\n      \]`).ReplaceAllString(text, "${1}[]")
		require.Equal(t, goldenReport, text)
	})
}

func TestDebugJSONHasTheMetricsOfTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := named("db")
		trip(b)
		d := weirhttp.Debug(b)
		opened := time.Now().Add(-50 * time.Millisecond)
		time.Sleep(time.Second)
		c := reportOf(t, d, "").Components[0]
		require.Equal(t, opened.UTC(), c.Since)
		var want []weir.Metric
		b.Metrics(func(m weir.Metric) bool { want = append(want, m); return true })
		require.Len(t, c.Metrics, len(want))
		for i, m := range want {
			require.Equal(t, []any{m.Name, m.Help, m.Kind.String(), m.Value, any(nil)},
				[]any{c.Metrics[i].Name, c.Metrics[i].Help, c.Metrics[i].Kind, c.Metrics[i].Value, c.Metrics[i].Rate})
			for _, l := range m.Labels {
				require.Equal(t, l.Value, c.Metrics[i].Labels[l.Name])
			}
		}
	})
}

func TestDebugJSONHasWordsForWhatIsNoNumber(t *testing.T) {
	d := weirhttp.Debug(metrics{gauge("a", math.NaN()), gauge("b", math.Inf(1)), gauge("c", math.Inf(-1)), gauge("d", 1e300)})
	got := []any{}
	for _, m := range reportOf(t, d, "").Components[0].Metrics {
		got = append(got, m.Value)
	}
	require.Equal(t, []any{"NaN", "+Inf", "-Inf", 1e300}, got)
}

func TestDebugRatesArePerSecondAndNeverOfACounterThatFell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := weirhttp.Debug(counter("mail_sent_total", 10), counter("mail_lost_total", -1))
		r := reportOf(t, d, "&seconds=2.5")
		require.Equal(t, 2.5, r.Seconds)
		require.Equal(t, 4.0, r.Components[0].Metrics[0].Rate)
		require.Nil(t, r.Components[1].Metrics[0].Rate)
		require.Nil(t, reportOf(t, d, "").Components[0].Metrics[0].Rate)
	})
}

func TestDebugRatesFollowMetricsThatMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		c := func(name string, v int) weir.Metric {
			return weir.Metric{Name: name, Kind: weir.Counter, Value: float64(v)}
		}
		d := weirhttp.Debug(source(func(yield func(weir.Metric) bool) {
			if looks++; looks == 1 {
				yield(c("b_total", 5))
				return
			}
			_ = yield(c("a_total", 1)) && yield(c("b_total", 7))
		}))
		m := reportOf(t, d, "&seconds=1").Components[0].Metrics
		require.Nil(t, m[0].Rate, "it was not there before")
		require.Equal(t, 2.0, m[1].Rate)
	})
}

func TestDebugStopsWaitingForASecondLookWhenTheClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		w := httptest.NewRecorder()
		weirhttp.Debug(named("db")).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/?format=json&seconds=60", nil))
		require.Equal(t, time.Second, time.Since(began))
		require.Empty(t, w.Body.String())
	})
}

func TestDebugFindsByWordsKindAndLevel(t *testing.T) {
	open := named("Orders-DB")
	open.Force(breaker.ForcedOpen)
	dry := named("trial")
	dry.Force(breaker.DryRun)
	d := weirhttp.Debug(named("orders"), dry, open, metrics{gauge("weir_pool_open", 1)}, metrics{gauge("weir_pool_waiting", 3)})
	for query, want := range map[string][]string{
		"":                                 {"Orders-DB", "trial", "", "orders", ""},
		"&q=ORDERS":                        {"Orders-DB", "orders"},
		"&q=orders+closed":                 {"orders"},
		"&q=breaker+r":                     {"Orders-DB", "trial", "orders"},
		"&q=nothing":                       nil,
		"&kind=pool":                       {"", ""},
		"&kind=poo":                        nil,
		"&level=critical":                  {"Orders-DB"},
		"&level=notice,critical":           {"Orders-DB", "trial", ""},
		"&level=ok":                        {"orders", ""},
		"&level=notice&q=trial&kind=pool":  nil,
		"&level=notice&q=waiting&kind=":    {""},
		"&limit=1":                         {"Orders-DB"},
		"&limit=99999999999999999999&q=db": nil,
	} {
		if query == "&limit=99999999999999999999&q=db" {
			require.Equal(t, http.StatusBadRequest, lookAt(t, d, "/?format=json"+query).Code)
			continue
		}
		r := reportOf(t, d, query)
		require.Equal(t, want, r.names(), query)
		require.Equal(t, 5, r.Total)
		require.Equal(t, map[string]int{"critical": 1, "notice": 2, "ok": 2}, r.Levels)
	}
	require.Equal(t, 5, reportOf(t, d, "&limit=1").Matched)
}

func TestDebugShowsAHundredOfThousandsUnlessAskedForMore(t *testing.T) {
	d := weirhttp.Debug(manyBreakers(3000))
	r := reportOf(t, d, "")
	require.Equal(t, []int{3001, 3001, 100}, []int{r.Total, r.Matched, len(r.Components)})
	require.Len(t, reportOf(t, d, "&limit=2500").Components, 2500)
	r = reportOf(t, d, "&q=host-299")
	require.Equal(t, []int{3001, 11, 11}, []int{r.Total, r.Matched, len(r.Components)})
	require.Equal(t, r.names(), reportOf(t, d, "&q=host-299").names(), "the order stays")
}
