// Package ratelimit compares limiters of the rate of events that keep their state
// in this process: one limit for all, a limit per key of 10,000, and several rates
// of each key.
//
// A limiter that is measured while it admits has a rate that no loop can reach; one
// that is measured while it refuses has had its only event of the hour. The suite
// fails if a decision is any other. Where limiters answer with more than yes or no,
// the loops look at all of it.
//
// Contenders that know no keys are in the lines of one key only: a map of them
// would be the user's own. go-zero's TokenLimiter asks a Redis for each event,
// which no one here does; it is in the suite redis.
package ratelimit

import (
	"strconv"

	"github.com/weirgo/weir/bench/internal/suite"
)

// Suite returns the suite. Nothing is made before a line is measured.
func Suite() suite.Suite {
	return suite.Suite{
		Name:  "limit",
		About: "rate limiters in memory",
		Lines: []suite.Line{
			oneKeyAllowed(),
			oneKeyRefused(),
			manyKeysAllowed(),
			manyKeysRefused(),
			severalRates(),
		},
	}
}

const (
	xtimeModule    = "golang.org/x/time"
	golimitModule  = "github.com/sethvargo/go-limiter"
	throttleModule = "github.com/throttled/throttled/v2"
	failsafeModule = "github.com/failsafe-go/failsafe-go"
	weirModule     = "github.com/weirgo/weir"

	weirName    = "weir"
	xtimeName   = "x/time/rate"
	golimitName = "go-limiter"
)

// A quota is what all contenders of a line are configured with.
type quota struct {
	events    int // per hour if refusing, else per second
	refusing  bool
	decisions int // that are asked of each key before it is measured
}

var (
	plenty = quota{events: 1e9, decisions: 1}
	none   = quota{events: 1, refusing: true, decisions: 2}
)

func oneKeyAllowed() suite.Line {
	return suite.Line{
		Name:       "one key, allowed",
		Work:       "ask for one event",
		Contenders: oneKey(plenty),
		Targets:    oneKeyTargets(),
	}
}

func oneKeyRefused() suite.Line {
	return suite.Line{
		Name:       "one key, refused",
		Work:       "ask for one event, be refused",
		Contenders: oneKey(none),
		Targets:    oneKeyTargets(),
	}
}

func oneKeyTargets() []suite.Target {
	return []suite.Target{suite.Ratio(weirName, 0.9, xtimeName), suite.Allocs(weirName, 0)}
}

func oneKey(q quota) []suite.Contender {
	key := keys(1)
	return []suite.Contender{
		contender(weirName, weirModule, func() decide { return newWeir(q) }, q, key),
		contender(xtimeName, xtimeModule, func() decide { return newXtime(q) }, q, key),
		contender(golimitName, golimitModule, func() decide { return newGolimit(q) }, q, key),
		contender("throttled", throttleModule, func() decide { return newThrottled(q) }, q, key),
		contender("failsafe, smooth", failsafeModule, func() decide { return newFailsafeSmooth(q) }, q, key),
		contender("failsafe, bursty", failsafeModule, func() decide { return newFailsafeBursty(q) }, q, key),
	}
}

func manyKeysAllowed() suite.Line {
	return suite.Line{
		Name:       "10,000 keys, allowed",
		Work:       "ask for one event of the next of 10,000 keys",
		Contenders: manyKeys(plenty),
		Targets:    manyKeysTargets(),
	}
}

func manyKeysRefused() suite.Line {
	return suite.Line{
		Name:       "10,000 keys, refused",
		Work:       "ask for one event of the next of 10,000 keys, be refused",
		Contenders: manyKeys(none),
		Targets:    manyKeysTargets(),
	}
}

func manyKeysTargets() []suite.Target {
	return []suite.Target{suite.Ratio(weirName, 1, golimitName), suite.Allocs(weirName, 0)}
}

func manyKeys(q quota) []suite.Contender {
	all := keys(10_000)
	return []suite.Contender{
		contender(weirName, weirModule, func() decide { return newWeir(q) }, q, all),
		contender(golimitName, golimitModule, func() decide { return newGolimit(q) }, q, all),
		contender("throttled", throttleModule, func() decide { return newThrottled(q) }, q, all),
	}
}

// severalRates gives the peers a limiter per rate: those that admitted when a later
// one refuses have lost their event, which Weir's decision never does.
func severalRates() suite.Line {
	const three = golimitName + ", three in turn"
	all := keys(10_000)
	return suite.Line{
		Name: "10,000 keys, three rates, allowed",
		Work: "ask for one event, of three rates, of the next of 10,000 keys",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, func() decide { return newWeirOfThree(plenty) }, plenty, all),
			contender(three, golimitModule, func() decide { return inTurn(newGolimit, plenty) }, plenty, all),
			contender("throttled, three in turn", throttleModule, func() decide { return inTurn(newThrottled, plenty) }, plenty, all),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 1, three), suite.Allocs(weirName, 0)},
	}
}

func keys(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = "client-" + strconv.Itoa(i)
	}
	return all
}
