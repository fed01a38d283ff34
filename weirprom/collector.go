package weirprom

import (
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/panics"
)

// A Collector is a [prometheus.Collector] of the metrics of any number of sources. One
// per registry is enough: sources can come and go.
//
// It is unchecked: it describes nothing in advance, as nobody knows which series a
// group of breakers will have. What would make a registry refuse a scrape as a whole
// is dealt with here, and counted by Metrics as dropped:
//
//   - a series that was told before in the same scrape, as by two components with the
//     same name, or the same one registered twice: the first counts, in the order in
//     which the sources were added;
//   - a metric whose kind is not that of others with its name. The help text is the
//     first one;
//   - a metric whose name, kind or label names make no sense.
//
// The values of labels may be anything: what is not UTF-8, and NUL, becomes U+FFFD,
// and a value of more than 1,000 bytes ends there with a hash of the whole. The value
// of a metric may be anything, too. A source that panics costs what it has not told
// yet, and nothing else; one that does not return holds up the scrape.
//
// Use NewCollector to make one. It is safe for concurrent use, also by several scrapes
// at a time, and must not be copied. It holds no lock while a source is asked. Series
// are remembered from one scrape to the next, at some 400 bytes each; so a scrape
// allocates 16 bytes per series, and what its sources do.
type Collector struct {
	// OnPanic, if set, is called with each panic of a source, on the goroutine of the
	// scrape. Without it, the first one of each source is logged once through
	// [log/slog.Default]. It must be set before first use.
	OnPanic func(*weir.Panic)

	mu      sync.Mutex // guards what follows
	sources []*source  // never changed but for what is appended
	known   map[weir.Source]struct{}
	books   []*book // that no scrape uses now

	panics  atomic.Uint64
	dropped [verdicts]atomic.Uint64
}

// spareBooks is how many scrapes at a time find what others remember.
const spareBooks = 2

type source struct {
	weir.Source
	logged atomic.Bool
}

// NewCollector returns a collector of the sources. It panics if one is nil.
func NewCollector(sources ...weir.Source) *Collector {
	c := &Collector{known: map[weir.Source]struct{}{}}
	c.Add(sources...)
	return c
}

// Add adds sources, but for those it has already. It panics if one is nil.
func (c *Collector) Add(sources ...weir.Source) {
	for _, s := range sources {
		if s == nil {
			panic("weirprom: a source is nil")
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range sources {
		c.addLocked(s)
	}
}

func (c *Collector) addLocked(s weir.Source) {
	if reflect.ValueOf(s).Comparable() {
		if _, twice := c.known[s]; twice {
			return
		}
		c.known[s] = struct{}{}
	}
	c.sources = append(c.sources, &source{Source: s})
}

// Remove takes a source away, and its series with it. It is false if there is no such
// source. A scrape that is under way may still ask it. Remove panics if the source is
// of a kind that cannot be compared, such as a func: a pointer to it can.
func (c *Collector) Remove(s weir.Source) bool {
	if s != nil && !reflect.ValueOf(s).Comparable() {
		panic("weirprom: this source cannot be told from others; add a pointer to it")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.known[s]; !ok {
		return false
	}
	delete(c.known, s)
	// A copy: scrapes may be reading what there is.
	c.sources = slices.DeleteFunc(slices.Clone(c.sources), func(have *source) bool {
		return reflect.ValueOf(have.Source).Comparable() && have.Source == s
	})
	return true
}

// Describe implements [prometheus.Collector]. It sends nothing, which makes the
// collector an unchecked one.
func (c *Collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector]. Its last metrics are its own.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	sources, b := c.open()
	for _, s := range sources {
		c.ask(s, b, to)
	}
	c.ask(&source{Source: c}, b, to)
	b.forget()
	c.close(b)
}

// open begins a scrape.
func (c *Collector) open() ([]*source, *book) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sources := c.sources
	last := len(c.books) - 1
	if last < 0 {
		return sources, newBook()
	}
	b := c.books[last]
	c.books = c.books[:last]
	b.next()
	return sources, b
}

func (c *Collector) close(b *book) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.books) < spareBooks {
		c.books = append(c.books, b)
	}
}

// ask sends the metrics of one source.
func (c *Collector) ask(s *source, b *book, to chan<- prometheus.Metric) {
	asked := true
	defer func() {
		asked = false
		if v := recover(); v != nil {
			c.panicked(s, weir.CaughtPanic(v))
		}
	}()
	s.Metrics(func(m weir.Metric) bool {
		if !asked {
			return false // the source kept yield, and calls it after its time
		}
		if sample, v := b.enter(&m); v == fine {
			to <- sample
		} else {
			c.dropped[v].Add(1)
		}
		return true
	})
}

func (c *Collector) panicked(s *source, p *weir.Panic) {
	c.panics.Add(1)
	if c.OnPanic != nil {
		c.OnPanic(p)
		return
	}
	if !s.logged.Swap(true) {
		panics.Log("weirprom: panic in the Metrics of a source", p.Value, p.Stack)
	}
}

// Metrics implements [weir.Source] with the numbers of the collector itself. They are
// part of what it collects.
func (c *Collector) Metrics(yield func(weir.Metric) bool) {
	c.mu.Lock()
	sources := len(c.sources)
	c.mu.Unlock()
	dropped := func(reason string, v verdict) weir.Metric {
		return weir.Metric{
			Name: "weir_collector_dropped_total", Help: "Metrics of sources that were left out of a scrape, by why.", Kind: weir.Counter,
			Labels: []weir.Label{{Name: "reason", Value: reason}}, Value: float64(c.dropped[v].Load()),
		}
	}
	for _, m := range [...]weir.Metric{
		{Name: "weir_collector_sources", Help: "Sources that are asked in a scrape.", Value: float64(sources)},
		{Name: "weir_collector_panics_total", Help: "Panics of sources while they were asked.", Kind: weir.Counter, Value: float64(c.panics.Load())},
		dropped("duplicate", duplicate),
		dropped("kind", otherKind),
		dropped("invalid", invalid),
	} {
		if !yield(m) {
			return
		}
	}
}
