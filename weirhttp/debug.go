package weirhttp

import (
	"errors"
	"hash/maphash"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir"
)

// DebugOptions configures [NewDebug]. The zero value shows nothing, until
// something is added.
type DebugOptions struct {
	// Sources are what is shown to begin with; see Add.
	Sources []weir.Source
	// Title stands above the page. The default is the name of the program and that
	// of the machine.
	Title string
	// Allow tells who may force breakers open or closed from the page, by a POST of
	// the same origin. It is also asked, with a GET, whether to show the buttons. The
	// default is that nobody may.
	Allow func(*http.Request) bool
	// MaxViewers is how many may watch at a time; the next one gets 503, and is
	// let in as soon as there is room. The default is 8; negative is no bound.
	MaxViewers int
}

// Validate returns what is wrong with the options, nil if nothing is.
func (o DebugOptions) Validate() error {
	if slices.Contains(o.Sources, nil) {
		return errors.New("weirhttp: DebugOptions.Sources must not hold nil")
	}
	return nil
}

// A DebugHandler serves one live page about the sources it is given: which
// breakers, limits, pools and so on there are, which of them are in trouble, why
// and since when. Trouble comes first. It has one address and fits under any path:
//
//	mux.Handle("/debug/weir", weirhttp.Debug(breakers, shedder, pool))
//
// Who can see the page can read names and the texts of errors, so keep it from
// strangers. It changes nothing, unless DebugOptions.Allow permits some to force
// breakers.
//
//	GET                    the page, without anything from elsewhere
//	GET ?format=json       what it shows, as JSON
//	GET ?format=events     what it shows, as server-sent events, for the page itself
//	POST id=...&state=...  forces a breaker: closed, open, forced-open, disabled, dry-run
//
// Both formats know these parameters besides, and JSON the last:
//
//	q        words that kind, name or state must contain, all of them
//	kind     only of this kind, such as breaker
//	level    only of these levels: critical, warning, notice, ok; with commas
//	limit    how many components at most: 100 by default, 500 of events, 20,000 of JSON
//	seconds  look twice, so many seconds apart, 60 at most, to tell rates
//
// What is in trouble. Gauges tell at once: an open breaker is critical, one that
// throttles a warning, callers that wait a notice, and so on. Counters tell only
// by their rate, so with JSON only where seconds are given: that a shedder refuses,
// that a pool fails to create, that tasks panic.
//
// JSON has this shape; fields may be added to it. A value is a number, or one of the
// strings "NaN", "+Inf" and "-Inf"; a rate is per second. What is in brackets may be
// missing. More may match than are listed, and an id is good for as long as the
// handler lives.
//
//	{"title", "time", ["seconds"], "total", "matched", "levels": {level: how many}, "kinds": {kind: how many},
//	 "components": [{"id", "kind", "name", "level", "state", ["why"], ["since"],
//	   ["details": [{"key", "value"}]],
//	   "metrics": [{"name", "help", "kind", ["labels": {name: value}], "value", ["rate"]}]}]}
//
// What a source may have. Besides Metrics, the page uses these methods of it:
//
//	Parts() iter.Seq[weir.Source]                   is shown in its place, as groups of breakers do
//	Details(yield func(key, value string) bool)     words beside the numbers
//	Name() string                                   where no metric has a label called name
//	Force(breaker.State)                            it can be forced, as a breaker can
//
// Of the details, "state", "since" (as RFC 3339 has it) and "reason" are shown at a
// glance. A source that panics costs only what it would have shown, and says so.
// Metrics are polled once or twice a second for each viewer, on the goroutine of
// the viewer's request. While nobody looks, nothing is polled, nothing is kept and
// no goroutine runs; the viewer's browser keeps the last two minutes. Views end when
// the server shuts down, so they do not hold up [http.Server.Shutdown]. Metrics and
// Details must not block: a viewer would wait with them.
//
// Use Debug or NewDebug to make one. It is safe for concurrent use and must not be
// copied.
type DebugHandler struct {
	opts    DebugOptions
	seed    maphash.Seed // of what components are called in answers
	viewers atomic.Int64

	mu      sync.Mutex
	sources []debugSource                  // guarded by mu; replaced, never changed
	next    uint64                         // guarded by mu: the number of the next source
	stops   map[*http.Server]chan struct{} // guarded by mu: closed when the server shuts down
}

// A debugSource has a number that no other source has, for its components may have
// the same names as others.
type debugSource struct {
	number uint64
	weir.Source
}

// Debug returns a handler that shows the sources to whoever asks and lets nobody
// change anything. It panics on a nil source.
func Debug(sources ...weir.Source) *DebugHandler { return NewDebug(DebugOptions{Sources: sources}) }

// NewDebug is [Debug] with options. It panics if they are impossible; see Validate.
func NewDebug(o DebugOptions) *DebugHandler {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	if o.MaxViewers == 0 {
		o.MaxViewers = 8
	}
	if o.Title == "" {
		o.Title = defaultTitle()
	}
	d := &DebugHandler{opts: o, seed: maphash.MakeSeed(), stops: map[*http.Server]chan struct{}{}}
	d.Add(o.Sources...)
	return d
}

func defaultTitle() string {
	title := filepath.Base(os.Args[0])
	if host, err := os.Hostname(); err == nil {
		title += " on " + host
	}
	return title
}

// Add shows more sources. One that is shown already stays as it is. It panics on a
// nil source.
func (d *DebugHandler) Add(sources ...weir.Source) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := slices.Clone(d.sources)
	for _, s := range sources {
		if s == nil {
			panic("weirhttp: Debug with a nil Source")
		}
		if !slices.ContainsFunc(all, func(known debugSource) bool { return same(known.Source, s) }) {
			all = append(all, debugSource{d.next, s})
			d.next++
		}
	}
	d.sources = all
}

// Remove shows these sources no more. It does nothing about those it does not know.
func (d *DebugHandler) Remove(sources ...weir.Source) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sources = slices.DeleteFunc(slices.Clone(d.sources), func(known debugSource) bool {
		return slices.ContainsFunc(sources, func(s weir.Source) bool { return same(known.Source, s) })
	})
}

// same tells whether two sources are one. Of types that cannot be compared, none
// are.
func same(a, b weir.Source) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.ValueOf(a).Comparable() && a == b
}

func (d *DebugHandler) shown() []debugSource {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sources
}

// ServeHTTP implements [http.Handler].
func (d *DebugHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	debugHeaders(w.Header())
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		d.show(w, r)
	case http.MethodPost:
		d.force(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "use GET", http.StatusMethodNotAllowed)
	}
}

func debugHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

func (d *DebugHandler) show(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	format := q.Get("format")
	if format == "" {
		servePage(w)
		return
	}
	query, err := parseDebugQuery(q)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case format == "json":
		d.serveJSON(w, r, query)
	case format == "events":
		d.serveEvents(w, r, query)
	default:
		http.Error(w, "format is json, events, or nothing", http.StatusBadRequest)
	}
}
