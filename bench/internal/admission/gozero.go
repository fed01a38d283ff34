package admission

import (
	"github.com/zeromicro/go-zero/core/breaker"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/core/stat"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	gozeroModule = "github.com/zeromicro/go-zero"
	gozeroName   = "go-zero"
)

// newGozero returns a breaker as go-zero configures it: its window of 10 s cannot
// be changed. What it would log is turned off, as its users can.
func newGozero() breaker.Breaker {
	logx.Disable()
	stat.DisableLog()
	return breaker.NewBreaker()
}

func gozeroSuccess() suite.Loop {
	b := newGozero()
	return func(n int) (odd int) {
		for range n {
			if b.Do(works) != nil {
				odd++
			}
		}
		return odd
	}
}

func gozeroRefusal() (fail func() (refused bool), loop suite.Loop) {
	b := newGozero()
	fail = func() bool { return b.Do(breaks) == breaker.ErrServiceUnavailable }
	return fail, func(n int) (odd int) {
		for range n {
			if b.Do(breaks) != breaker.ErrServiceUnavailable {
				odd++
			}
		}
		return odd
	}
}

func gozeroUsed() any {
	b := newGozero()
	traffic(func() { b.Do(works) }, func() { b.Do(breaks) })
	return b
}
