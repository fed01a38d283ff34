package caches

import (
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

func getLine(s Scale) suite.Line {
	return suite.Line{
		Name: "cache, Get",
		Work: "find the value of the next of 50,000 keys; there is room for as many more",
		Contenders: contenders(func(k kind) suite.Subject {
			c := loaded(k, s)
			return used{c, loop(s, func(key string, v int) bool {
				got, ok := c.get(key)
				return ok && got == v
			})}
		}),
		Targets: speedTargets(suite.Allocs(weirName, 0)),
	}
}

// setLine sets what is there: a cache that turns values down would do less work.
func setLine(s Scale) suite.Line {
	return suite.Line{
		Name: "cache, Set",
		Work: "replace the value of the next of 50,000 keys; there is room for as many more",
		Contenders: contenders(func(k kind) suite.Subject {
			c := loaded(k, s)
			return used{c, loop(s, func(key string, v int) bool {
				c.set(key, v)
				return true
			})}
		}),
		Targets: speedTargets(),
	}
}

func speedTargets(more ...suite.Target) []suite.Target {
	return append([]suite.Target{suite.Ratio(weirName, 1.25, otterName)}, more...)
}

// used is a cache while it is measured.
type used struct {
	cache
	suite.Subject
}

func (u used) Close() { u.close() }

// turnedDown is the share of keys that one may not have kept that does not promise
// to: ristretto, where several are set at a time.
const turnedDown = 0.01

// loop does something about one key after the other. Several goroutines are at
// different keys.
func loop(s Scale, do func(key string, v int) (ok bool)) suite.Subject {
	keys := names(s.Room / 2)[:s.Room/2]
	var next atomic.Int64
	return &suite.Timed{MayBeOdd: turnedDown, Loop: func(n int) (odd int) {
		at := int(next.Add(int64(n))) % len(keys)
		for range n {
			if at++; at >= len(keys) {
				at = 0
			}
			if !do(keys[at], at) {
				odd++
			}
		}
		return odd
	}}
}

// loaded returns a cache that holds half of what it has room for. Key i has value i.
func loaded(k kind, s Scale) cache {
	c := k(s.Room)
	fill(c, names(s.Room / 2)[:s.Room/2])
	return c
}

// fill sets keys until nearly all are there, or some have been turned down again and
// again. It returns how many are there.
func fill(c cache, keys []string) (held int) {
	for range 20 {
		for i, key := range keys {
			if _, ok := c.get(key); !ok {
				c.set(key, i)
			}
		}
		if held = count(c, keys); held > len(keys)-len(keys)/100 {
			break
		}
		time.Sleep(10 * time.Millisecond) // for those who store later
	}
	return held
}

func count(c cache, keys []string) (held int) {
	for _, key := range keys {
		if _, ok := c.get(key); ok {
			held++
		}
	}
	return held
}
