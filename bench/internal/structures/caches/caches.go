// Package caches compares caches in memory with a bound on entries and a time to
// live: what it costs to find a value and to replace one, how much memory an entry
// takes, and how much of several kinds of traffic finds what it asks for.
//
// Keys are strings, values are numbers, a value lives for ten minutes. What else a
// cache is configured with is its default.
package caches

import (
	"strconv"
	"sync"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	weirModule      = "github.com/weirgo/weir"
	otterModule     = "github.com/maypok86/otter/v2"
	theineModule    = "github.com/Yiling-J/theine-go"
	ristrettoModule = "github.com/dgraph-io/ristretto/v2"
	lruModule       = "github.com/hashicorp/golang-lru/v2"
	phusluModule    = "github.com/phuslu/lru"
	ttlcacheModule  = "github.com/jellydator/ttlcache/v3"
	gozeroModule    = "github.com/zeromicro/go-zero"

	weirName      = "weir"
	otterName     = "otter"
	ristrettoName = "ristretto"
)

// A Scale says how large the lines are. Tests have a smaller one.
type Scale struct {
	Room     int // entries of a cache whose speed and memory are measured
	Traced   int // entries of a cache that gets traffic
	Requests int // of each kind of traffic
}

// Full is the scale of the suite.
var Full = Scale{Room: 100_000, Traced: 10_000, Requests: 1_000_000}

// Lines returns the lines about caches.
func Lines(s Scale) []suite.Line {
	return []suite.Line{getLine(s), setLine(s), memoryLine(s), hitLine(s)}
}

// A cache may be used by several at a time.
type cache struct {
	get   func(key string) (int, bool)
	set   func(key string, v int)
	close func()
}

// A kind makes a cache with room for so many entries.
type kind func(room int) cache

func contenders(subject func(kind) suite.Subject) []suite.Contender {
	c := func(name, module string, k kind) suite.Contender {
		return suite.Contender{Name: name, Module: module, New: func() suite.Subject { return subject(k) }}
	}
	return []suite.Contender{
		c(weirName, weirModule, newWeir),
		c(otterName, otterModule, newOtter),
		c("theine", theineModule, newTheine),
		c(ristrettoName, ristrettoModule, newRistretto),
		c("golang-lru, expirable", lruModule, newExpirable),
		c("phuslu", phusluModule, newPhuslu),
		c("ttlcache", ttlcacheModule, newTTLCache),
		c("go-zero", gozeroModule, newGozero),
	}
}

// names returns the names of keys 0 to n-1 at least, always the same strings.
var names = func() func(n int) []string {
	var mu sync.Mutex
	var all []string
	return func(n int) []string {
		mu.Lock()
		defer mu.Unlock()
		for i := len(all); i < n; i++ {
			all = append(all, "user:"+strconv.Itoa(i))
		}
		return all
	}
}()
