package weirhttp

import (
	"fmt"
	"hash/maphash"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

// What no source may exceed, for it may be somebody's mistake.
const (
	maxDebugDepth      = 4 // of parts of parts
	maxDebugComponents = 200_000
	maxDebugMetrics    = 200 // of one component
)

// A component is a row of the page.
type component struct {
	debugKey
	condition
	owner   weir.Source // has the details and can be forced, nil if neither
	lazy    bool        // the metrics are yet to be asked for
	metrics []weir.Metric
}

// A debugKey tells components apart, from one look to the next.
type debugKey struct {
	source  uint64
	kind    *debugKind
	name    string
	address uintptr // of a part, for its name may not be the only such
	nth     int     // of the same name and kind
}

// id is the key for others: nobody can foresee it, and it is good for as long as
// the handler lives.
func (k debugKey) id(seed maphash.Seed) string {
	type identity struct {
		source     uint64
		kind, name string
		address    uintptr
		nth        int
	}
	return strconv.FormatUint(maphash.Comparable(seed, identity{k.source, k.kind.name, k.name, k.address, k.nth}), 36)
}

// A survey is one look at all sources.
type survey struct {
	at    time.Time
	kinds map[reflect.Type]*debugKind // of sources that are not Weir's own; kept from look to look
	all   []component
	nths  map[debugKey]int
	now   map[debugKey]*past
	last  map[debugKey]*past // of the look before
	since time.Time          // when that was
}

// A past is what is remembered of a component until the next look.
type past struct {
	metrics []weir.Metric
	held    condition
	until   time.Time // held counts so long
}

// look looks at the sources, after the survey before, if there was one.
func look(sources []debugSource, before *survey) *survey {
	s := &survey{at: time.Now(), now: map[debugKey]*past{}, nths: map[debugKey]int{}}
	if before != nil {
		s.kinds, s.last, s.since = before.kinds, before.now, before.at
		s.all = make([]component, 0, len(before.all))
	} else {
		s.kinds = map[reflect.Type]*debugKind{}
	}
	for _, src := range sources {
		s.visit(src.number, src.Source, 0)
	}
	for i := range s.all {
		s.assess(&s.all[i])
	}
	return s
}

// visit adds the components of a source. A panic costs what it was about to say.
func (s *survey) visit(number uint64, src weir.Source, depth int) {
	defer func() {
		if v := recover(); v != nil {
			s.add(component{
				debugKey:  debugKey{source: number, kind: s.kindOf(src), name: nameOf(src)},
				condition: panickedWith(v),
			})
		}
	}()
	if len(s.all) >= maxDebugComponents {
		return
	}
	if b, ok := src.(*breaker.Breaker); ok && b != nil {
		s.add(component{
			debugKey:  debugKey{source: number, kind: &debugKinds[0], name: b.Name(), address: addressIn(b)},
			condition: conditionOf(b.State()),
			owner:     b,
			lazy:      true,
		})
		return
	}
	if whole, ok := src.(interface{ Parts() iter.Seq[weir.Source] }); ok && depth < maxDebugDepth {
		for part := range whole.Parts() {
			if part != nil {
				s.visit(number, part, depth+1)
			}
		}
		return
	}
	s.collect(number, src)
}

func panickedWith(v any) condition {
	return condition{level: levelWarning, state: "panicked", why: "Looking at it panicked: " + shorten(fmt.Sprint(v))}
}

func shorten(text string) string {
	const most = 500
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

func addressIn(src weir.Source) uintptr {
	if v := reflect.ValueOf(src); v.Kind() == reflect.Pointer {
		return v.Pointer()
	}
	return 0
}

func (s *survey) add(c component) {
	if !c.lazy { // those have an address
		n := s.nths[c.debugKey]
		s.nths[c.debugKey] = n + 1
		c.nth = n
	}
	s.all = append(s.all, c)
}

// assess judges a component by its metrics, and by what it was judged before.
func (s *survey) assess(c *component) {
	if c.lazy {
		return
	}
	last, p := s.last[c.debugKey], &past{metrics: c.metrics}
	s.now[c.debugKey] = p
	for i, m := range c.metrics {
		rate, _ := s.rate(last, i, m)
		if found := judge(c.kind, m, rate); found.worse(c.condition) || c.state == "" {
			c.condition = found
		}
	}
	if c.passes {
		p.held, p.until = c.condition, s.at.Add(debugHold)
	} else if last != nil && last.held.level > c.level && s.at.Before(last.until) {
		p.held, p.until = last.held, last.until
		c.condition = last.held
	}
	if c.state == "" {
		c.state = "ok"
	}
}
