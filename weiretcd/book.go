package weiretcd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A book is what is known of the keys under a prefix.
type book struct {
	entries map[string]entry // by key
	lost    int              // how many of them are
}

type entry struct {
	Endpoint
	rev  int64 // at which it was written last
	ok   bool  // whether there is an endpoint: the value may never have made sense
	lost bool  // etcd has lost it: it is kept for a while
}

func newBook() book { return book{entries: map[string]entry{}} }

// len returns how many keys etcd has, as far as the book knows.
func (b *book) len() int { return len(b.entries) - b.lost }

func (b *book) set(key string, e entry) {
	b.drop(key)
	if e.lost {
		b.lost++
	}
	b.entries[key] = e
}

func (b *book) drop(key string) {
	if b.entries[key].lost {
		b.lost--
	}
	delete(b.entries, key)
}

// put notes a value. One that makes no sense is an error, and leaves the endpoint
// what it was before: whoever keeps the key is there still.
func (b *book) put(p pair) error {
	ep, err := ParseEndpoint(p.value)
	if err != nil {
		old := b.entries[p.key]
		b.set(p.key, entry{Endpoint: old.Endpoint, rev: p.rev, ok: old.ok})
		return fmt.Errorf("key %s: %w", short(p.key), err)
	}
	b.set(p.key, entry{Endpoint: ep, rev: p.rev, ok: true})
	return nil
}

// replace notes that pairs is all that etcd has. What is missing goes, or, if etcd
// has lost it, stays until forget. bad is called for values that make no sense.
func (b *book) replace(pairs []pair, lost bool, bad func(error)) {
	present := make(map[string]bool, len(pairs))
	for _, p := range pairs {
		present[p.key] = true
		if err := b.put(p); err != nil {
			bad(err)
		}
	}
	for key, e := range b.entries {
		switch {
		case present[key] || e.lost:
		case lost && e.ok:
			e.lost = true
			b.set(key, e)
		default:
			b.drop(key)
		}
	}
}

// remember notes endpoints that were known once and whose keys are not known, as
// lost.
func (b *book) remember(eps []Endpoint) {
	for _, ep := range eps {
		b.set("\x00"+ep.Addr, entry{Endpoint: ep, ok: true, lost: true})
	}
}

// forget drops what was lost.
func (b *book) forget() {
	for key, e := range b.entries {
		if e.lost {
			b.drop(key)
		}
	}
}

// endpoints returns those that are known, by address. Of several with one address
// it is the one written last that etcd still has.
func (b *book) endpoints() []Endpoint {
	all := make([]entry, 0, len(b.entries))
	for _, e := range b.entries {
		if e.ok {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(x, y entry) int {
		return cmp.Or(strings.Compare(x.Addr, y.Addr), order(x.lost, y.lost), cmp.Compare(y.rev, x.rev),
			cmp.Compare(y.Weight, x.Weight), strings.Compare(x.Metadata, y.Metadata))
	})
	all = slices.CompactFunc(all, func(x, y entry) bool { return x.Addr == y.Addr })
	eps := make([]Endpoint, len(all))
	for i, e := range all {
		eps[i] = e.Endpoint
	}
	return eps
}

// order has false before true.
func order(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	}
	return -1
}
