package weirhttp

import (
	"slices"
	"strings"
	"time"

	"github.com/weirgo/weir"
)

// A debugEvent is one of the live view: what ?format=json answers, but what does not
// change is told once, and the page makes rates and lines of it.
type debugEvent struct {
	Title   string              `json:"title,omitempty"`
	Now     int64               `json:"now"` // ms since 1970
	Force   bool                `json:"force,omitempty"`
	Total   int                 `json:"total"`
	Matched int                 `json:"matched"`
	Levels  [debugLevels]int    `json:"levels"` // from ok up
	Kinds   map[string]int      `json:"kinds"`
	Layouts map[int]debugLayout `json:"layouts,omitempty"` // by number; new ones
	Rows    []debugRow          `json:"rows"`
}

// A debugLayout is what many components have in common: which metrics they have.
type debugLayout struct {
	Metrics []debugColumn `json:"metrics"`
	Lead    []glimpse     `json:"lead"`
}

type debugColumn struct {
	Name    string `json:"name"`
	Short   string `json:"short"`
	Help    string `json:"help"`
	Counter bool   `json:"counter,omitempty"`
}

type debugRow struct {
	ID      string        `json:"id"`
	Kind    string        `json:"kind"`
	Name    string        `json:"name"`
	Level   debugLevel    `json:"level"`
	State   string        `json:"state"`
	Why     string        `json:"why,omitempty"`
	Since   int64         `json:"since,omitempty"` // ms since 1970
	Force   bool          `json:"force,omitempty"`
	Layout  int           `json:"layout"`
	Values  []debugValue  `json:"values"`
	Details []debugDetail `json:"details"` // null: as before
}

const maxDebugLayouts = 1000

// A feed is what one viewer has been told, and so need not be told again.
type feed struct {
	d       *DebugHandler
	query   debugQuery
	layouts map[string]int // by what they consist of
	next    int            // the number of the next layout
	details map[string][]debugDetail

	last    *survey
	picked  []*component // of last
	matched int
	told    time.Time
}

func newFeed(d *DebugHandler, q debugQuery) *feed {
	q.limit = min(q.limit, maxDebugLive)
	return &feed{d: d, query: q, layouts: map[string]int{}}
}

// look looks at the sources, and reports whether there is something to tell: once a
// second, or as soon as a component is in another state.
func (f *feed) look() bool {
	before := f.picked
	f.last = look(f.d.shown(), f.last)
	f.picked, f.matched = f.query.pick(f.last.all)
	return f.last.at.Sub(f.told) >= debugPeriod || !slices.EqualFunc(before, f.picked, func(a, b *component) bool {
		return a.debugKey == b.debugKey && a.state == b.state
	})
}

// event tells what the viewer does not know of what look saw.
func (f *feed) event() *debugEvent {
	s := f.last
	f.told = s.at
	e := &debugEvent{
		Now: s.at.UnixMilli(), Total: len(s.all), Matched: f.matched,
		Kinds: map[string]int{}, Layouts: map[int]debugLayout{}, Rows: make([]debugRow, 0, len(f.picked)),
	}
	for i := range s.all {
		e.Levels[s.all[i].level]++
		e.Kinds[s.all[i].kind.name]++
	}
	details := make(map[string][]debugDetail, len(f.picked))
	for _, c := range f.picked {
		row := f.row(e, s.closeUp(c))
		details[row.ID] = row.Details
		if known, ok := f.details[row.ID]; ok && slices.Equal(known, row.Details) {
			row.Details = nil
		}
		e.Rows = append(e.Rows, row)
	}
	f.details = details
	return e
}

func (f *feed) row(e *debugEvent, up closeUp) debugRow {
	row := debugRow{
		ID: up.id(f.d.seed), Kind: up.kind.name, Name: shorten(up.name),
		Level: up.level, State: up.state, Why: up.why,
		Force: up.canForce(), Layout: f.layout(e, up.component),
		Values: make([]debugValue, len(up.metrics)), Details: up.details,
	}
	if up.details == nil {
		row.Details = []debugDetail{}
	}
	if !up.since.IsZero() {
		row.Since = up.since.UnixMilli()
	}
	for i, m := range up.metrics {
		row.Values[i] = debugValue(m.Value)
	}
	return row
}

// layout returns the number of that of the component, and tells it if it is new.
func (f *feed) layout(e *debugEvent, c *component) int {
	var text strings.Builder
	text.WriteString(c.kind.name)
	for _, m := range c.metrics {
		text.WriteByte(0)
		text.WriteString(m.Name)
		for _, l := range c.kind.besides(m.Labels) {
			text.WriteByte(1)
			text.WriteString(l.Value)
		}
	}
	n, known := f.layouts[text.String()]
	if !known {
		if len(f.layouts) == maxDebugLayouts {
			clear(f.layouts) // labels come and go; the page forgets what is no more used
		}
		n, f.next = f.next, f.next+1
		f.layouts[text.String()] = n
		e.Layouts[n] = layoutOf(c.kind, c.metrics)
	}
	return n
}

func layoutOf(k *debugKind, metrics []weir.Metric) debugLayout {
	columns := make([]debugColumn, len(metrics))
	for i, m := range metrics {
		columns[i] = debugColumn{shorten(m.Name), shorten(k.short(m)), shorten(m.Help), m.Kind == weir.Counter}
	}
	return debugLayout{columns, k.glance(metrics)}
}
