package weirprom_test

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirprom"
)

// Scrapes, sources that come and go, keys that come and go, and calls, all at once.
func TestScrapesAtTheSameTimeAreEachComplete(t *testing.T) {
	group := breaker.NewGroup[int](breaker.GroupOptions{Options: breaker.Options{Name: "g"}, MaxKeys: 20})
	always := tells(gauge("a_depth", 1, "name", "x"), counter("a_calls_total", 2))
	c := weirprom.NewCollector(always, group)
	r := registryOf(t, c)
	var scrapers, others sync.WaitGroup
	stop := make(chan struct{})
	busy := func(do func(i int)) {
		others.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					do(i)
				}
			}
		})
	}
	busy(func(i int) { _ = group.Get(i%100).Do(t.Context(), nothing) })
	busy(func(i int) {
		s := tells(gauge("b_depth", 1, "i", strconv.Itoa(i)))
		c.Add(s)
		require.True(t, c.Remove(s))
	})
	for range 4 {
		scrapers.Go(func() {
			for range 10 {
				got := scrape(t, r)
				require.Equal(t, 1.0, got["a_depth name=x"])
				require.Equal(t, 2.0, got["a_calls_total"])
				require.Zero(t, got["weir_collector_dropped_total reason=kind"])
			}
		})
	}
	scrapers.Wait()
	close(stop)
	others.Wait()
}

func TestSeriesOfAScrapeAreThoseOfTheSourcesWhateverWasTheCaseBefore(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	var sources []*told
	c := weirprom.NewCollector()
	r := registryOf(t, c)
	for range 300 {
		switch random.IntN(3) {
		case 0:
			s := tells()
			for range random.IntN(4) {
				m := gauge("m"+strconv.Itoa(random.IntN(3)), random.Float64(), "name", strconv.Itoa(random.IntN(3)))
				m.Kind = weir.Kind(random.IntN(2))
				*s = append(*s, m)
			}
			sources = append(sources, s)
			c.Add(s)
		case 1:
			if len(sources) > 0 {
				i := random.IntN(len(sources))
				require.True(t, c.Remove(sources[i]))
				sources = append(sources[:i], sources[i+1:]...)
			}
		default:
			scrape(t, r) // which makes it forget those that are gone
			requireFirsts(t, sources, scrape(t, r))
		}
	}
}

// requireFirsts checks that each name has one kind, and each of its series the first
// value that a source of that kind has told.
func requireFirsts(t *testing.T, sources []*told, got map[string]float64) {
	t.Helper()
	others(got)
	kinds := map[string]map[weir.Kind]map[string]float64{}
	for _, s := range sources {
		for _, m := range *s {
			if kinds[m.Name] == nil {
				kinds[m.Name] = map[weir.Kind]map[string]float64{weir.Gauge: {}, weir.Counter: {}}
			}
			key := m.Name + " name=" + m.Labels[0].Value
			if _, ok := kinds[m.Name][m.Kind][key]; !ok {
				kinds[m.Name][m.Kind][key] = m.Value
			}
		}
	}
	for name, byKind := range kinds {
		of := map[string]float64{}
		for key, v := range got {
			if len(key) > len(name) && key[:len(name)] == name {
				of[key] = v
				delete(got, key)
			}
		}
		require.Contains(t, []map[string]float64{byKind[weir.Gauge], byKind[weir.Counter]}, of)
	}
	require.Empty(t, got)
}

func TestTwoCollectorsCanShareARegistry(t *testing.T) {
	r := prometheus.NewRegistry()
	r.MustRegister(weirprom.NewCollector(tells(gauge("a_depth", 1))))
	second := prometheus.WrapRegistererWith(prometheus.Labels{"part": "two"}, r)
	second.MustRegister(weirprom.NewCollector(tells(gauge("a_depth", 2))))
	got := others(scrape(t, r))
	require.Equal(t, 1.0, got["a_depth"])
	require.Equal(t, 2.0, got["a_depth part=two"])
}
