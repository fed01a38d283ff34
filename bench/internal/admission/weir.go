package admission

import (
	"context"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	weirModule = "github.com/weirgo/weir"
	// weirName is the contender that most targets judge.
	weirName        = "weir"
	weirGenericName = "weir by weir.Do"
	weirPermitName  = "weir by Allow and Done"
)

func newWeir() *breaker.Breaker { return breaker.New(breaker.Options{}) }

func weirSuccess() suite.Loop {
	b := newWeir()
	ctx := context.Background()
	return func(n int) (odd int) {
		for range n {
			if b.Do(ctx, worksCtx) != nil {
				odd++
			}
		}
		return odd
	}
}

func weirGeneric() suite.Loop {
	b := newWeir()
	ctx := context.Background()
	return func(n int) (odd int) {
		for range n {
			if weir.Do(ctx, b, worksCtx) != nil {
				odd++
			}
		}
		return odd
	}
}

func weirPermit() suite.Loop {
	b := newWeir()
	ctx := context.Background()
	return func(n int) (odd int) {
		for range n {
			p, err := b.Allow(ctx)
			if err != nil {
				odd++
				continue
			}
			p.Done(weir.Classify(works()))
		}
		return odd
	}
}

func weirRefusal() (fail func() (refused bool), loop suite.Loop) {
	b := newWeir()
	ctx := context.Background()
	fail = func() bool { return b.Do(ctx, breaksCtx) == breaker.ErrOpen }
	return fail, func(n int) (odd int) {
		for range n {
			if b.Do(ctx, breaksCtx) != breaker.ErrOpen {
				odd++
			}
		}
		return odd
	}
}

func weirUsed() any {
	b := newWeir()
	ctx := context.Background()
	traffic(func() { b.Do(ctx, worksCtx) }, func() { b.Do(ctx, breaksCtx) })
	return b
}
