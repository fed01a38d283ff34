package lab

// gaps are by how much the shedder misses its lines; goodput in percent of the oracle's,
// shares from 0 to 1.
var gaps = []Gap{
	{"1 x 10 ms exponential", "steady 1.5x", false, Line{Late: 0.007}},
	{"1 x 10 ms exponential", "steady 3x", false, Line{Late: 0.008}},
	{"1 x 200 ms light", "halved at 0.8x", true, Line{Goodput: 85}},
	{"1 x 200 ms light", "halved at 0.8x", false, Line{Goodput: 89}},
	{"1 x 200 ms light", "steady 1.5x", true, Line{Late: 0.007}},
	{"10 x 100 ms bimodal", "3x slower at 0.8x", false, Line{Goodput: 89}},
	{"10 x 100 ms bimodal", "bursts of 10x on 0.5x", true, Line{Goodput: 84}},
	{"10 x 100 ms bimodal", "bursts of 10x on 0.5x", false, Line{Goodput: 87}},
	{"10 x 100 ms bimodal", "steady 0.8x", true, Line{Refused: 0.037}},
	{"200 x 1 s light", "3x slower at 1.5x", false, Line{Goodput: 86}},
	{"200 x 1 s light", "halved at 0.8x", false, Line{Goodput: 95}},
	{"5 x 1 s exponential", "3x slower at 1.5x", false, Line{Goodput: 67}},
	{"5 x 1 s exponential", "after it at 0.8x", false, Line{Goodput: 93}},
	{"5 x 1 s exponential", "after it at 1.5x", false, Line{Goodput: 93}},
	{"5 x 1 s exponential", "ramp from 0.5x to 3x", true, Line{Goodput: 88}},
	{"5 x 1 s exponential", "ramp from 0.5x to 3x", false, Line{Goodput: 91}},
	{"5 x 1 s exponential", "steady 0.8x", true, Line{Refused: 0.045}},
	{"5 x 1 s exponential", "steady 10x", false, Line{Late: 0.008}},
}
