package weirprom_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirprom"
)

const many = 10_000

func manyBreakers() []weir.Source {
	var sources []weir.Source
	for i := range many {
		sources = append(sources, breaker.New(breaker.Options{Name: "breaker-" + strconv.Itoa(i)}))
	}
	return sources
}

func largeGroup() *breaker.Group[int] {
	g := breaker.NewGroup[int](breaker.GroupOptions{Options: breaker.Options{Name: "group"}, MaxKeys: many})
	for i := range many {
		g.Get(i)
	}
	return g
}

// BenchmarkCollect is what a scrape of 120,000 series costs, apart from what the
// registry does with it: nobody has to wait for the other end of the channel.
func BenchmarkCollect(b *testing.B) {
	for name, c := range map[string]*weirprom.Collector{
		"breakers": weirprom.NewCollector(manyBreakers()...),
		"group":    weirprom.NewCollector(largeGroup()),
	} {
		b.Run(name, func(b *testing.B) {
			to := make(chan prometheus.Metric, 20*many)
			drained(c, to)
			b.ReportAllocs()
			for b.Loop() {
				c.Collect(to)
				b.StopTimer()
				drained(nil, to)
				b.StartTimer()
			}
		})
	}
}

func drained(c *weirprom.Collector, to chan prometheus.Metric) {
	if c != nil {
		c.Collect(to)
	}
	for len(to) > 0 {
		<-to
	}
}

// BenchmarkMetrics is what the sources alone cost.
func BenchmarkMetrics(b *testing.B) {
	g := largeGroup()
	sources := manyBreakers()
	b.Run("breakers", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, s := range sources {
				s.Metrics(func(weir.Metric) bool { return true })
			}
		}
	})
	b.Run("group", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			g.Metrics(func(weir.Metric) bool { return true })
		}
	})
}

// BenchmarkScrape is all of it, by a handler, in the text format.
func BenchmarkScrape(b *testing.B) {
	r := prometheus.NewRegistry()
	r.MustRegister(weirprom.NewCollector(largeGroup()))
	b.Run("gather", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Gather(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("http", func(b *testing.B) {
		h := promhttp.HandlerFor(r, promhttp.HandlerOpts{DisableCompression: true})
		b.ReportAllocs()
		for b.Loop() {
			h.ServeHTTP(discard{http.Header{}, io.Discard}, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		}
	})
}

type discard struct {
	header http.Header
	io.Writer
}

func (d discard) Header() http.Header { return d.header }
func (d discard) WriteHeader(int)     {}

// BenchmarkObserve is what a request pays.
func BenchmarkObserve(b *testing.B) {
	h := weirprom.NewHTTP(weirprom.HTTPOptions{})
	l := weirprom.NewLatency(queries())
	native := queries()
	native.Native = true
	n := weirprom.NewLatency(native)
	o := seen("GET", "GET /users/{id}", 200)
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"http", func() { h.Observe(o) }},
		{"latency", func() { l.Observe(time.Millisecond, "select", "success") }},
		{"native", func() { n.Observe(time.Millisecond, "select", "success") }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					c.do()
				}
			})
		})
	}
}

// BenchmarkWhileScraped shows that what is observed does not wait for who observes:
// each call alone, and with a scrape of ten breakers and ten limits every 10 ms.
func BenchmarkWhileScraped(b *testing.B) {
	guarded := breaker.New(breaker.Options{Name: "db"})
	rate := limit.NewToken(limit.TokenOptions{Name: "api", Rate: limit.PerSecond(1_000_000), Burst: 1_000_000})
	c := weirprom.NewCollector(guarded, rate)
	for i := range 9 {
		c.Add(breaker.New(breaker.Options{Name: strconv.Itoa(i)}))
		c.Add(limit.NewConcurrency(limit.ConcurrencyOptions{Name: strconv.Itoa(i), Max: 100}))
	}
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	ctx := context.Background()
	for _, call := range []struct {
		name string
		do   func()
	}{
		{"breaker", func() { _ = guarded.Do(ctx, nothing) }},
		{"limit", func() { _, _ = rate.Allow(ctx, "key") }},
	} {
		b.Run(call.name+"/alone", func(b *testing.B) { repeat(b, call.do) })
		b.Run(call.name+"/scraped", func(b *testing.B) {
			defer every(10*time.Millisecond, func() { _, _ = r.Gather() })()
			repeat(b, call.do)
		})
	}
}

func repeat(b *testing.B, do func()) {
	for b.Loop() {
		do()
	}
}

// every calls do until it is stopped.
func every(d time.Duration, do func()) (stop func()) {
	ticker := time.NewTicker(d)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ticker.C:
				do()
			case <-end:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(end)
		<-ended
	}
}
