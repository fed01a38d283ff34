package weirprom

import (
	"hash/maphash"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"github.com/weirgo/weir"
)

// A book knows the series that sources have told, so that a scrape need not make
// them anew. One scrape at a time writes in it, without any lock.
//
// Sources say the same things in the same order, scrape after scrape, or at least in
// long stretches: so each entry remembers what came after it, and that is looked at
// before the map is.
type book struct {
	seed     maphash.Seed
	scrape   uint64            // the number of this one
	told     int               // entries seen in this scrape
	last     *entry            // of what was told last
	first    *entry            // of what every scrape begins with
	entries  map[uint64]*entry // by hash
	count    int               // of all entries
	series   map[uint64]*series
	families map[string]*family
	latest   []*dto.LabelPair // of the latest series
	slab     []sample         // room for samples
}

// An entry is a metric as a source tells it, and what has become of it.
type entry struct {
	kind    weir.Kind
	name    string
	labels  []weir.Label
	series  *series // nil if it was rejected
	verdict verdict
	scrape  uint64 // the last one in which it was told
	after   *entry // what was told next
	gone    bool   // no more in the book, where it may still be the one after another
	chain   *entry // another one with the same hash
}

// A verdict says what is to become of a metric.
type verdict uint8

const (
	fine verdict = iota
	duplicate
	otherKind
	invalid
	verdicts
)

func newBook() *book {
	return &book{
		seed:     maphash.MakeSeed(),
		scrape:   1,
		first:    &entry{},
		entries:  map[uint64]*entry{},
		series:   map[uint64]*series{},
		families: map[string]*family{},
	}
}

// next begins another scrape.
func (b *book) next() {
	b.slab = make([]sample, 0, b.told)
	b.scrape++
	b.told = 0
	b.last = nil
}

// enter returns what to send for m, if the verdict is fine.
func (b *book) enter(m *weir.Metric) (*sample, verdict) {
	e := b.find(m)
	if e.scrape != b.scrape {
		e.scrape = b.scrape
		b.told++
	}
	if e.verdict != fine {
		return nil, e.verdict
	}
	if e.series.scrape == b.scrape {
		return nil, duplicate
	}
	e.series.scrape = b.scrape
	return b.sample(e.series, m.Value), fine
}

func (b *book) find(m *weir.Metric) *entry {
	last := b.last
	if last == nil {
		last = b.first
	}
	e := last.after
	if e == nil || e.gone || !e.is(m) {
		e = b.lookUp(m)
		last.after = e
	}
	b.last = e
	return e
}

// is reports whether m is the same metric. Mostly its strings are in the very same
// memory, which is quick to see.
func (e *entry) is(m *weir.Metric) bool {
	return e.kind == m.Kind && e.name == m.Name && slices.Equal(e.labels, m.Labels)
}

func (b *book) lookUp(m *weir.Metric) *entry {
	h := hash(b.seed, m.Name, m.Labels)
	for e := b.entries[h]; e != nil; e = e.chain {
		if e.is(m) {
			return e
		}
	}
	e := &entry{kind: m.Kind, name: m.Name, labels: slices.Clone(m.Labels), chain: b.entries[h]}
	e.judge(b, m.Help)
	b.entries[h] = e
	b.count++
	return e
}

func hash(seed maphash.Seed, name string, labels []weir.Label) uint64 {
	const prime = 0x9E3779B97F4A7C15
	h := maphash.String(seed, name)
	for _, l := range labels {
		h = (h*prime ^ maphash.String(seed, l.Name)) * prime
		h ^= maphash.String(seed, l.Value)
	}
	return h
}

// judge says what is to become of a metric that was not told before.
func (e *entry) judge(b *book, help string) {
	if !e.valid() {
		e.verdict = invalid
		return
	}
	f := b.families[e.name]
	if f == nil {
		f = newFamily(e, help)
		b.families[e.name] = f
	}
	if f.kind != e.kind {
		e.verdict = otherKind
		return
	}
	e.series = b.seriesOf(f, safeLabels(e.labels))
}

// seriesOf returns the series of safe labels in order. What Prometheus does not tell
// apart is one series: there, a label without a value is none.
func (b *book) seriesOf(f *family, labels []weir.Label) *series {
	full := labels
	if slices.ContainsFunc(full, empty) {
		full = slices.DeleteFunc(slices.Clone(full), empty)
	}
	h := hash(b.seed, f.name, full)
	for s := b.series[h]; s != nil; s = s.chain {
		if s.family == f && slices.Equal(s.labels, full) {
			s.entries++
			return s
		}
	}
	s := newSeries(f, labels, full, b.latest)
	s.hash, s.chain = h, b.series[h]
	b.series[h], b.latest = s, s.pairs
	f.series++
	return s
}

func empty(l weir.Label) bool { return l.Value == "" }

// forget ends a scrape: it drops what was not told, if there is anything.
func (b *book) forget() {
	b.slab = nil
	if b.told == b.count {
		return
	}
	for h, head := range b.entries {
		if kept := b.keep(head); kept != nil {
			b.entries[h] = kept
		} else {
			delete(b.entries, h)
		}
	}
}

// keep returns the entries of a chain that were told in this scrape; but not such as
// were rejected for their kind, as those they disagree with may be gone.
func (b *book) keep(e *entry) (kept *entry) {
	for e != nil {
		next := e.chain
		if e.scrape == b.scrape && e.verdict != otherKind {
			e.chain, kept = kept, e
		} else {
			b.drop(e)
		}
		e = next
	}
	return kept
}

func (b *book) drop(e *entry) {
	b.count--
	e.gone, e.after, e.chain = true, nil, nil
	if e.series != nil {
		b.release(e.series)
	}
}

// release takes an entry off a series, and drops what nothing stands for any more.
func (b *book) release(s *series) {
	if s.entries--; s.entries > 0 {
		return
	}
	at := b.series[s.hash]
	if at == s {
		if b.series[s.hash] = s.chain; s.chain == nil {
			delete(b.series, s.hash)
		}
	} else {
		for at.chain != s {
			at = at.chain
		}
		at.chain = s.chain
	}
	if s.family.series--; s.family.series == 0 {
		delete(b.families, s.family.name)
	}
}
