// Package redislimit compares rate limiters that keep their state in Redis: one
// key, in a real redis-server of the suite's own on the loopback interface.
//
// All admit, and the suite fails if one refuses, fails, or makes a decision without
// the server. Round trips are what the server counts as reads from its clients, so
// a pipeline is one. Two scripts stand beside them, called by the same client with as
// many keys and arguments as a decision of Weir's takes: one that reads the clock
// and the key, writes it with a time to live, and answers, which no limiter on the
// server's clock can do without, and decides nothing; and one that does nothing.
package redislimit

import (
	"os/exec"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	weirModule     = "github.com/weirgo/weir/weirredis"
	rateModule     = "github.com/go-redis/redis_rate/v10"
	throttleModule = "github.com/throttled/throttled/v2"
	gozeroModule   = "github.com/zeromicro/go-zero"
	clientModule   = "github.com/redis/go-redis/v9"

	weirName  = "weir"
	leaseName = "weir, lease of 100"
	bareName  = "bare EVALSHA"
	emptyName = "empty EVALSHA"

	lease = 100
)

// Suite returns the suite. No server is started before a line is measured; where
// there is none to start, no line is.
func Suite() suite.Suite {
	s := suite.Suite{Name: "redis", About: "rate limiters in Redis"}
	path := binary()
	if path == "" {
		s.Withdrawn = []suite.Withdrawn{{Module: "redis-server", Why: "not on PATH, and without it nothing is"}}
		return s
	}
	server := &server{path: path}
	s.Lines = []suite.Line{
		line(server, "one caller", 1, suite.P99Ratio(weirName, 1.2, bareName)),
		line(server, "16 callers", 16),
	}
	s.Close = server.stop
	return s
}

// binary returns where a server is, "" if there is none.
func binary() string {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func line(s *server, name string, callers int, more ...suite.Target) suite.Line {
	contender := func(name, module string, make func(*server) ask) suite.Contender {
		return suite.Contender{Name: name, Module: module, New: func() suite.Subject { return s.subject(make, callers) }}
	}
	return suite.Line{
		Name: name,
		Work: "ask for one event of the same key",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, newWeir),
			contender(bareName, clientModule, newBare),
			contender(emptyName, clientModule, newEmpty),
			contender(leaseName, weirModule, newLease),
			contender("weir, three rates", weirModule, newThreeRates),
			contender("redis_rate", rateModule, newRedisRate),
			contender("throttled", throttleModule, newThrottled),
			contender("go-zero", gozeroModule, newGozero),
		},
		Targets: append(more, suite.Trips(weirName, 1), suite.Trips(leaseName, 1.0/lease)),
		// The server is to have a processor while the callers have one.
		CPUs: []int{2},
	}
}
