package admission

import "github.com/weirgo/weir/bench/internal/suite"

const (
	weirPlainName       = "weir, one class and no deadline"
	weirCalmName        = "weir, calm"
	weirAdmissionName   = "weir, admission"
	aegisLimiterName    = "aegis bbr"
	failsafeLimiterName = "failsafe adaptive limiter"
	gozeroShedderName   = "go-zero shedder"

	noise = 1.1 // what two measurements of the same work may differ by
)

func shedderCalm() suite.Line {
	return suite.Line{
		Name: "shedder allow+done, calm",
		Work: "ask a shedder that has nothing to do, report success",
		Contenders: []suite.Contender{
			{Name: weirName, Module: weirModule, New: calm(weirShedder)},
			{Name: weirPlainName, Module: weirModule, New: calm(weirShedderPlain)},
			{Name: aegisLimiterName, Module: aegisModule, New: calm(aegisIdle)},
			{Name: failsafeLimiterName, Module: failsafeModule, New: calm(failsafeLimiter)},
			{Name: gozeroShedderName, Module: gozeroModule, New: calm(gozeroIdle)},
		},
		Targets: []suite.Target{
			suite.Ratio(weirName, 0.5, aegisLimiterName),
			suite.Allocs(weirName, 0),
		},
	}
}

func shedderOverloaded() suite.Line {
	return suite.Line{
		Name:       "shedder allow+done, overloaded",
		Work:       "report success for the oldest of the calls that fill the limit up, ask for the next, be admitted; 1 of 16 is refused, for none has ended",
		Contenders: append(crowds(nearlyAll), reference(weirCalmName, alone)),
		Targets: []suite.Target{
			suite.Ratio(weirName, 0.5, aegisLimiterName),
			suite.Ratio(weirName, noise, weirCalmName),
			suite.Allocs(weirName, 0),
		},
	}
}

func shedderMix() suite.Line {
	return suite.Line{
		Name:       "shedder, every second call refused",
		Work:       "the same, and every second call is refused, for none has ended",
		Contenders: append(crowds(everySecond), reference(weirCalmName, alone)),
		Targets: []suite.Target{
			suite.Ratio(weirName, noise, weirCalmName),
			suite.Allocs(weirName, 0),
		},
	}
}

func shedderRefusal() suite.Line {
	return suite.Line{
		Name:       "shedder refusal",
		Work:       "the same, and 127 of 128 calls are refused, for none has ended",
		Contenders: append(crowds(hardlyAny), reference(weirAdmissionName, nearlyAll), reference(weirCalmName, alone)),
		Targets: []suite.Target{
			suite.Ratio(weirName, 1, weirAdmissionName),
			suite.Ratio(weirName, 1, weirCalmName),
			suite.Allocs(weirName, 0),
		},
	}
}

// crowds returns the contenders in that rhythm.
func crowds(r rhythm) []suite.Contender {
	return []suite.Contender{
		{Name: weirName, Module: weirModule, New: crowded(r, weirShedder)},
		{Name: weirPlainName, Module: weirModule, New: crowded(r, weirShedderPlain)},
		{Name: aegisLimiterName, Module: aegisModule, New: crowded(r, aegisBusy)},
		{Name: failsafeLimiterName, Module: failsafeModule, New: crowded(r, failsafeLimiter)},
		{Name: gozeroShedderName, Module: gozeroModule, New: crowded(r, gozeroBusy)},
	}
}

// reference returns what Weir's own targets compare with.
func reference(name string, r rhythm) suite.Contender {
	return suite.Contender{Name: name, Module: weirModule, New: crowded(r, weirShedder)}
}
