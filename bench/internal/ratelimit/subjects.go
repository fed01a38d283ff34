package ratelimit

import (
	"strings"
	"sync/atomic"

	"github.com/weirgo/weir/bench/internal/suite"
)

// decide asks for one event, and reports whether it is allowed. It reports wrong
// if the answer makes no sense besides. It may be called by several at a time.
type decide func(key string) (allowed, wrong bool)

// contender measures what make returns. Each goroutine begins at another key.
func contender(name, module string, make func() decide, q quota, keys []string) suite.Contender {
	return suite.Contender{Name: name, Module: module, New: func() suite.Subject {
		return subject(make(), q, keys)
	}}
}

// A server reads each key from a request, so it is never the same string in memory as
// the one that the limiter saw first.
func subject(ask decide, q quota, keys []string) suite.Subject {
	for _, key := range keys {
		first := strings.Clone(key)
		for range q.decisions {
			ask(first)
		}
	}
	var loops atomic.Int64
	return &suite.Timed{Loop: func(n int) (odd int) {
		// Chunks go through the keys one after the other; those of two goroutines
		// are half of the keys apart.
		at := int(loops.Add(1)) * (len(keys)/2 + n) % len(keys)
		for range n {
			if at++; at >= len(keys) {
				at = 0
			}
			if allowed, wrong := ask(keys[at]); wrong || allowed == q.refusing {
				odd++
			}
		}
		return odd
	}}
}

// inTurn asks three limiters, until one refuses.
func inTurn(make func(quota) decide, q quota) decide {
	first, second, third := make(q), make(q), make(q)
	return func(key string) (allowed, wrong bool) {
		for _, ask := range [...]decide{first, second, third} {
			if allowed, wrong = ask(key); !allowed || wrong {
				break
			}
		}
		return allowed, wrong
	}
}
