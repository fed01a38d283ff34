package caches

import (
	"context"
	"time"

	"github.com/Yiling-J/theine-go"
	"github.com/dgraph-io/ristretto/v2"
	"github.com/hashicorp/golang-lru/v2/expirable"
	"github.com/jellydator/ttlcache/v3"
	"github.com/maypok86/otter/v2"
	"github.com/phuslu/lru"
	gozero "github.com/zeromicro/go-zero/core/collection"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/core/stat"

	weircache "github.com/weirgo/weir/cache"
)

const ttl = 10 * time.Minute

func newWeir(room int) cache {
	c := weircache.New(weircache.Options[string, int]{MaxEntries: room, TTL: ttl})
	return cache{get: c.Get, set: c.Set, close: func() { _ = c.Close(context.Background()) }}
}

func newOtter(room int) cache {
	c := otter.Must(&otter.Options[string, int]{
		MaximumSize:      room,
		ExpiryCalculator: otter.ExpiryWriting[string, int](ttl),
	})
	return cache{
		get:   c.GetIfPresent,
		set:   func(key string, v int) { c.Set(key, v) },
		close: func() { c.StopAllGoroutines() },
	}
}

func newTheine(room int) cache {
	c, err := theine.NewBuilder[string, int](int64(room)).Build()
	if err != nil {
		return impossible()
	}
	return cache{
		get:   c.Get,
		set:   func(key string, v int) { c.SetWithTTL(key, v, 1, ttl) },
		close: c.Close,
	}
}

// newRistretto takes the advice of its documentation for the number of counters. It
// may turn down what is set.
func newRistretto(room int) cache {
	c, err := ristretto.NewCache(&ristretto.Config[string, int]{
		NumCounters: 10 * int64(room), MaxCost: int64(room), BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		return impossible()
	}
	return cache{
		get:   c.Get,
		set:   func(key string, v int) { c.SetWithTTL(key, v, 1, ttl) },
		close: c.Close,
	}
}

// newExpirable cannot be closed: a goroutine of it stays.
func newExpirable(room int) cache {
	c := expirable.NewLRU[string, int](room, nil, ttl)
	return cache{get: c.Get, set: func(key string, v int) { c.Add(key, v) }, close: c.Purge}
}

func newPhuslu(room int) cache {
	c := lru.NewTTLCache[string, int](room)
	return cache{get: c.Get, set: func(key string, v int) { c.Set(key, v, ttl) }, close: func() {}}
}

func newTTLCache(room int) cache {
	c := ttlcache.New(ttlcache.WithCapacity[string, int](uint64(room)), ttlcache.WithTTL[string, int](ttl))
	return cache{
		get: func(key string) (int, bool) {
			item := c.Get(key)
			if item == nil {
				return 0, false
			}
			return item.Value(), true
		},
		set:   func(key string, v int) { c.Set(key, v, ttlcache.DefaultTTL) },
		close: c.DeleteAll,
	}
}

// newGozero cannot be closed: goroutines of it stay, and keep it. What it would log
// is turned off, as its users can.
func newGozero(room int) cache {
	logx.Disable()
	stat.DisableLog()
	c, err := gozero.NewCache(ttl, gozero.WithLimit(room))
	if err != nil {
		return impossible()
	}
	return cache{
		get: func(key string) (int, bool) {
			v, ok := c.Get(key)
			n, _ := v.(int)
			return n, ok
		},
		set: func(key string, v int) { c.Set(key, v) },
		close: func() {
			for _, key := range names(room) {
				c.Del(key)
			}
		},
	}
}

// impossible is found out by whoever measures it.
func impossible() cache {
	return cache{get: func(string) (int, bool) { return 0, false }, set: func(string, int) {}, close: func() {}}
}
