package admission

import "github.com/weirgo/weir/bench/internal/suite"

func breakerSuccess() suite.Line {
	return suite.Line{
		Name: "breaker success",
		Work: "ask a closed breaker, call an empty function, report its success",
		Contenders: []suite.Contender{
			{Name: weirName, Module: weirModule, New: timed(weirSuccess)},
			{Name: weirGenericName, Module: weirModule, New: timed(weirGeneric)},
			{Name: weirPermitName, Module: weirModule, New: timed(weirPermit)},
			{Name: failsafeName, Module: failsafeModule, New: timed(failsafeSuccess)},
			{Name: failsafeExecutorName, Module: failsafeModule, New: timed(failsafeExecutorSuccess)},
			{Name: sonyName, Module: sonyModule, New: timed(sonySuccess)},
			{Name: "gobreaker, rolling window", Module: sonyModule, New: timed(sonyRolling)},
			{Name: "gobreaker, two-step", Module: sonyModule, New: timed(sonyTwoStep)},
			{Name: gozeroName, Module: gozeroModule, New: timed(gozeroSuccess)},
			{Name: aegisName, Module: aegisModule, New: timed(aegisSuccess)},
		},
		Targets: []suite.Target{
			suite.Ratio(weirName, 0.9, failsafeName),
			suite.Ratio(weirName, 0.6, sonyName),
			suite.Ratio(weirName, 0.2, gozeroName),
			suite.Allocs(weirName, 0),
			suite.Allocs(weirGenericName, 0),
			suite.Allocs(weirPermitName, 0),
		},
	}
}

func breakerRefusal() suite.Line {
	return suite.Line{
		Name: "breaker refusal",
		Work: "ask a breaker that failures have opened, be refused",
		Contenders: []suite.Contender{
			{Name: weirName, Module: weirModule, New: refusing(weirRefusal)},
			{Name: failsafeName, Module: failsafeModule, New: refusing(failsafeRefusal)},
			{Name: failsafeExecutorName, Module: failsafeModule, New: refusing(failsafeExecutorRefusal)},
			{Name: sonyName, Module: sonyModule, New: refusing(sonyRefusal)},
			{Name: gozeroName, Module: gozeroModule, New: refusing(gozeroRefusal)},
			{Name: aegisName, Module: aegisModule, New: refusing(aegisRefusal)},
		},
		Targets: []suite.Target{
			suite.Ratio(weirName, 0.6, sonyName),
			suite.Allocs(weirName, 0),
		},
	}
}

func breakerMemory() suite.Line {
	return suite.Line{
		Name: "memory per breaker",
		Work: "live heap of one breaker that has seen traffic, some of it failing",
		CPUs: []int{1},
		Contenders: []suite.Contender{
			{Name: weirName, Module: weirModule, New: weighed(weirUsed)},
			{Name: failsafeName, Module: failsafeModule, New: weighed(failsafeUsed)},
			{Name: sonyName, Module: sonyModule, New: weighed(sonyUsed)},
			{Name: gozeroName, Module: gozeroModule, New: weighed(gozeroUsed)},
			{Name: aegisName, Module: aegisModule, New: weighed(aegisUsed)},
		},
		Targets: []suite.Target{suite.Heap(weirName, 2048)},
	}
}
