package concurrency

import (
	"context"
	"strconv"
	"sync/atomic"

	gozero "github.com/zeromicro/go-zero/core/syncx"
	"golang.org/x/sync/singleflight"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/syncx"
)

// A flight loads a key, or shares a load of it. Values are pointers, which nobody
// has to allocate in order to return them.
type flight func(key string) (*int, error)

// flightLine has no two goroutines ask for the same key.
func flightLine() suite.Line {
	c := func(name, module string, newFlight func(v *int) flight) suite.Contender {
		return suite.Contender{Name: name, Module: module, New: func() suite.Subject { return loads(newFlight) }}
	}
	return suite.Line{
		Name: "singleflight, uncontended",
		Work: "load a key that nobody else asks for at the time",
		Contenders: []suite.Contender{
			c(weirName, weirModule, newWeirFlight),
			c(xsyncName, xsyncModule, newXsyncFlight),
			c(gozeroName, gozeroModule, newGozeroFlight),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 0.8, xsyncName), suite.Allocs(weirName, 0)},
	}
}

func loads(newFlight func(v *int) flight) suite.Subject {
	v := new(int)
	do := newFlight(v)
	var keys [64]string
	for i := range keys {
		keys[i] = "user:" + strconv.Itoa(i)
	}
	var loops atomic.Uint64
	return &suite.Timed{Loop: func(n int) (odd int) {
		key := keys[loops.Add(1)%uint64(len(keys))]
		for range n {
			if got, err := do(key); got != v || err != nil {
				odd++
			}
		}
		return odd
	}}
}

func newWeirFlight(v *int) flight {
	ctx := context.Background()
	s := new(syncx.SingleFlight[string, *int])
	load := func(context.Context) (*int, error) { return v, nil }
	return func(key string) (*int, error) { return s.Do(ctx, key, load) }
}

func newXsyncFlight(v *int) flight {
	g := new(singleflight.Group)
	load := func() (any, error) { return v, nil }
	return func(key string) (*int, error) {
		got, err, _ := g.Do(key, load)
		p, _ := got.(*int)
		return p, err
	}
}

func newGozeroFlight(v *int) flight {
	g := gozero.NewSingleFlight()
	load := func() (any, error) { return v, nil }
	return func(key string) (*int, error) {
		got, err := g.Do(key, load)
		p, _ := got.(*int)
		return p, err
	}
}
