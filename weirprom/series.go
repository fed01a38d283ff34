package weirprom

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/weirgo/weir"
)

// A family is all series of a name.
type family struct {
	name, help string
	kind       weir.Kind
	series     int
	descs      map[string]*prometheus.Desc // by the names of labels
}

func newFamily(e *entry, help string) *family {
	return &family{name: e.name, help: safeValue(help), kind: e.kind, descs: map[string]*prometheus.Desc{}}
}

func (f *family) desc(labels []weir.Label) *prometheus.Desc {
	names := make([]string, len(labels))
	for i, l := range labels {
		names[i] = l.Name
	}
	key := strings.Join(names, ",")
	d := f.descs[key]
	if d == nil {
		d = prometheus.NewDesc(f.name, f.help, names, nil)
		f.descs[key] = d
	}
	return d
}

// A series is what Prometheus keeps numbers of. What a sample needs of it does not
// change: a registry may ask while the book is in another scrape already.
type series struct {
	family *family
	desc   *prometheus.Desc
	pairs  []*dto.LabelPair // sorted, as Prometheus wants them

	labels  []weir.Label // but those without a value; by these it is found
	hash    uint64
	chain   *series // another one with the same hash
	entries int     // that stand for it
	scrape  uint64  // the last one in which it was told
}

// newSeries returns a series, which shares the pairs that it has in common with the
// one before: mostly a component's name.
func newSeries(f *family, labels, full []weir.Label, before []*dto.LabelPair) *series {
	// Who wraps a registry appends to the pairs: there must be no room.
	s := &series{family: f, desc: f.desc(labels), labels: full, entries: 1, pairs: make([]*dto.LabelPair, len(labels))}
	for i, l := range labels {
		at := slices.IndexFunc(before, func(p *dto.LabelPair) bool { return *p.Name == l.Name && *p.Value == l.Value })
		if at >= 0 {
			s.pairs[i] = before[at]
		} else {
			s.pairs[i] = &dto.LabelPair{Name: &labels[i].Name, Value: &labels[i].Value}
		}
	}
	return s
}

// A sample is a value of a series: a [prometheus.Metric].
type sample struct {
	series *series
	value  float64
}

// sample returns a sample that is not used for anything else: who has gathered it may
// keep it.
func (b *book) sample(s *series, value float64) *sample {
	if len(b.slab) == cap(b.slab) {
		b.slab = make([]sample, 0, max(64, min(b.told, 4096)))
	}
	b.slab = append(b.slab, sample{s, value})
	return &b.slab[len(b.slab)-1]
}

// Desc implements [prometheus.Metric].
func (s *sample) Desc() *prometheus.Desc { return s.series.desc }

// Write implements [prometheus.Metric].
func (s *sample) Write(to *dto.Metric) error {
	to.Label = s.series.pairs
	if s.series.family.kind == weir.Counter {
		to.Counter = &dto.Counter{Value: &s.value}
	} else {
		to.Gauge = &dto.Gauge{Value: &s.value}
	}
	return nil
}
