package weirhttp

import (
	"reflect"
	"strings"

	"github.com/weirgo/weir"
)

// collect sorts the metrics of a source by what they tell of.
func (s *survey) collect(number uint64, src weir.Source) {
	c := collector{survey: s, src: src, own: s.kindOf(src), source: number, address: addressIn(src), first: len(s.all), at: -1}
	src.Metrics(c.take)
	if c.first < len(s.all) {
		s.all[c.first].owner = src
	}
}

// A collector sorts the metrics of one source, most of which follow others of the
// same component.
type collector struct {
	*survey
	src     weir.Source
	own     *debugKind // of metrics that are not Weir's own
	source  uint64
	address uintptr

	first, at int // components of this source: the first, and that of the metric before
	places    map[debugKey]int
	full      bool
}

func (c *collector) take(m weir.Metric) bool {
	if c.full {
		panic("weirhttp: Metrics went on after it was told to stop")
	}
	kind, name := c.belongs(m)
	if c.at < 0 || c.all[c.at].kind != kind || c.all[c.at].name != name {
		c.at = c.place(kind, name)
	}
	of := &c.all[c.at]
	of.metrics = append(of.metrics, m)
	c.full = len(of.metrics) >= maxDebugMetrics || len(c.all) >= maxDebugComponents
	return !c.full
}

func (c *collector) belongs(m weir.Metric) (kind *debugKind, name string) {
	if kind = kindOf(m.Name); kind != nil {
		return kind, kind.nameIn(m.Labels)
	}
	if name = labelName(m.Labels); name == "" {
		name = nameOf(c.src)
	}
	return c.own, name
}

// place returns where the component is, at the end if it is new. Most sources have
// but one, and need no map.
func (c *collector) place(kind *debugKind, name string) int {
	key := debugKey{source: c.source, kind: kind, name: name, address: c.address}
	if c.at >= 0 && c.places == nil {
		first := c.all[c.first].debugKey
		first.nth = 0
		c.places = map[debugKey]int{first: c.first}
	}
	if at, known := c.places[key]; known {
		return at
	}
	c.add(component{debugKey: key})
	at := len(c.all) - 1
	if c.places != nil {
		c.places[key] = at
	}
	return at
}

func labelName(labels []weir.Label) string {
	if len(labels) > 0 && labels[0].Name == "name" {
		return labels[0].Value
	}
	return ""
}

// nameOf returns what a source is called by its Name method, if it has one.
func nameOf(src weir.Source) (name string) {
	defer func() { _ = recover() }() // then it has none
	if n, ok := src.(interface{ Name() string }); ok {
		return n.Name()
	}
	return ""
}

// kindOf is the type of a source that is not Weir's own.
func (s *survey) kindOf(src weir.Source) *debugKind {
	t := reflect.TypeOf(src)
	if s.kinds[t] == nil {
		name, _, _ := strings.Cut(strings.TrimLeft(t.String(), "*"), "[")
		name = name[strings.LastIndexByte(name, '.')+1:]
		s.kinds[t] = &debugKind{name: name, prefix: "weir_"}
	}
	return s.kinds[t]
}
