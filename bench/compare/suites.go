package main

import (
	"github.com/weirgo/weir/bench/internal/adapters"
	"github.com/weirgo/weir/bench/internal/admission"
	"github.com/weirgo/weir/bench/internal/concurrency"
	"github.com/weirgo/weir/bench/internal/executors"
	"github.com/weirgo/weir/bench/internal/flow"
	"github.com/weirgo/weir/bench/internal/ratelimit"
	"github.com/weirgo/weir/bench/internal/redislimit"
	"github.com/weirgo/weir/bench/internal/structures"
	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/bench/internal/window"
)

// suites returns all that -suite can name. A new suite is a package beside
// admission and a line here.
func suites() []suite.Suite {
	return []suite.Suite{
		admission.Suite(),
		window.Suite(),
		ratelimit.Suite(),
		redislimit.Suite(),
		structures.Suite(),
		concurrency.Suite(),
		flow.Suite(),
		executors.Suite(),
		adapters.Suite(),
	}
}
