package admission

import (
	"context"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/zeromicro/go-zero/core/syncx"
	"golang.org/x/sync/semaphore"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	semaphoreName   = "x/sync semaphore"
	semaphoreModule = "golang.org/x/sync"
	inFlight        = 100
)

func concurrencyFree() suite.Line {
	return suite.Line{
		Name: "concurrency limit, free path",
		Work: "take one of 100 free permits and give it back",
		Contenders: []suite.Contender{
			{Name: weirName, Module: weirModule, New: timed(weirConcurrency)},
			{Name: semaphoreName, Module: semaphoreModule, New: timed(semaphoreAcquire)},
			{Name: "x/sync semaphore, TryAcquire", Module: semaphoreModule, New: timed(semaphoreTry)},
			{Name: "failsafe bulkhead", Module: failsafeModule, New: timed(failsafeBulkhead)},
			{Name: "failsafe bulkhead, TryAcquirePermit", Module: failsafeModule, New: timed(failsafeBulkheadTry)},
			{Name: "go-zero Limit, TryBorrow", Module: gozeroModule, New: timed(gozeroLimit)},
		},
		Targets: []suite.Target{
			suite.Ratio(weirName, 0.6, semaphoreName),
			suite.Allocs(weirName, 0),
		},
	}
}

func weirConcurrency() suite.Loop {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: inFlight})
	ctx := context.Background()
	return func(n int) (odd int) {
		for range n {
			p, err := l.Allow(ctx)
			if err != nil {
				odd++
				continue
			}
			p.Done(weir.Success)
		}
		return odd
	}
}

func semaphoreAcquire() suite.Loop {
	s := semaphore.NewWeighted(inFlight)
	ctx := context.Background()
	return func(n int) (odd int) {
		for range n {
			if s.Acquire(ctx, 1) != nil {
				odd++
				continue
			}
			s.Release(1)
		}
		return odd
	}
}

func semaphoreTry() suite.Loop {
	s := semaphore.NewWeighted(inFlight)
	return func(n int) (odd int) {
		for range n {
			if !s.TryAcquire(1) {
				odd++
				continue
			}
			s.Release(1)
		}
		return odd
	}
}

func failsafeBulkhead() suite.Loop {
	b := bulkhead.New[any](inFlight)
	ctx := context.Background()
	return func(n int) (odd int) {
		for range n {
			if b.AcquirePermit(ctx) != nil {
				odd++
				continue
			}
			b.ReleasePermit()
		}
		return odd
	}
}

func failsafeBulkheadTry() suite.Loop {
	b := bulkhead.New[any](inFlight)
	return func(n int) (odd int) {
		for range n {
			if !b.TryAcquirePermit() {
				odd++
				continue
			}
			b.ReleasePermit()
		}
		return odd
	}
}

func gozeroLimit() suite.Loop {
	l := syncx.NewLimit(inFlight)
	return func(n int) (odd int) {
		for range n {
			if !l.TryBorrow() {
				odd++
				continue
			}
			if l.Return() != nil {
				odd++
			}
		}
		return odd
	}
}
