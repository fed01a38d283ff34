package weirhttp

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/limit"
)

// maxKey is more than the longest name and port have. A longer key is somebody's
// attempt to fill the memory.
const maxKey = 512

// key returns what the request fails with.
func (t *Transport) key(req *http.Request) string {
	key := t.opts.Key(req)
	if len(key) > maxKey {
		return "(too long)"
	}
	return key
}

// addressOf is what Key is by default. The scheme is a part of it where the port does
// not tell it: who can have a client follow redirects must not be able to make an
// address fail by talking to it in the wrong scheme.
func addressOf(req *http.Request) string {
	if req.URL == nil {
		return ""
	}
	host := strings.ToLower(req.URL.Host)
	if port := defaultPort(req.URL.Scheme); port != "" {
		switch req.URL.Port() {
		case port:
			return host
		case "":
			return strings.TrimSuffix(host, ":") + ":" + port
		}
	}
	return req.URL.Scheme + "://" + host
}

// defaultPort returns the port of a scheme of HTTP, "" for others.
func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	}
	return ""
}

// A host is what is remembered of a key besides its breaker.
type host struct {
	limit     *limit.Concurrency // nil: none
	latencies fx.Latencies
	users     atomic.Int64 // tries that have not given it back
	recent    bool         // guarded by hosts.mu: used since it was looked at last
}

func (h *host) leave() { h.users.Add(-1) }

// hosts keeps what is remembered by key. Each new key looks at some others, and
// drops those that nobody has used since that last happened and nobody uses now:
// a flood of keys drops itself. Where there is no room, keys share one host.
type hosts struct {
	opts     limit.ConcurrencyOptions
	max      int
	overflow *host

	mu    sync.Mutex // guards what follows; held for less than a microsecond, but for new keys
	byKey map[string]*host
}

// lookedAt is how many hosts each new key looks at.
const lookedAt = 8

func newHosts(most int, o limit.ConcurrencyOptions) *hosts {
	hs := &hosts{opts: o, max: most, byKey: map[string]*host{}}
	hs.overflow = hs.newHost("(overflow)")
	return hs
}

func (hs *hosts) newHost(key string) *host {
	h := &host{}
	if hs.opts.Max > 0 {
		o := hs.opts
		o.Name += "/" + key
		h.limit = limit.NewConcurrency(o)
	}
	return h
}

// enter returns the host of the key, which stays until it is left.
func (hs *hosts) enter(key string) *host {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.byKey[key]
	if h == nil {
		h = hs.addLocked(key)
	}
	h.recent = true
	h.users.Add(1)
	return h
}

func (hs *hosts) addLocked(key string) *host {
	hs.evictLocked()
	if len(hs.byKey) >= hs.max {
		return hs.overflow
	}
	h := hs.newHost(key)
	hs.byKey[strings.Clone(key)] = h // the key may be part of a long URL
	return h
}

// evictLocked looks at some hosts. A map is ranged over from a random place, so
// they are others each time.
func (hs *hosts) evictLocked() {
	looked := 0
	for key, h := range hs.byKey {
		if h.users.Load() == 0 && !h.recent {
			delete(hs.byKey, key)
		}
		h.recent = false
		if looked++; looked == lookedAt {
			return
		}
	}
}

// all returns the hosts there are, the overflow host last.
func (hs *hosts) all() []*host {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	all := make([]*host, 0, len(hs.byKey)+1)
	for _, h := range hs.byKey {
		all = append(all, h)
	}
	return append(all, hs.overflow)
}

func (hs *hosts) len() int {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return len(hs.byKey)
}
