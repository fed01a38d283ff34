package lab

// levelStyle is for what curves are to be seen against.
var levelStyle = Style{Ink: inkLevel, Width: 2, Dash: "6 5"}

// styles are far apart for those as well who see fewer colours. What a limiter does
// while the CPU is idle is drawn as dashes, for it is mostly nothing.
var styles = map[string]Style{
	weirName:             {Ink: "#0072b2", Width: 4},
	oracleName:           {Ink: "#1f2933", Width: 1.5, Dash: "2 3"},
	"no limiter":         {Ink: "#7b8794", Width: 2},
	"go-zero, CPU idle":  {Ink: "#d55e00", Width: 2, Dash: "7 4"},
	"go-zero, CPU full":  {Ink: "#d55e00", Width: 2},
	"aegis, CPU idle":    {Ink: "#8a5fbf", Width: 2, Dash: "7 4"},
	"aegis, CPU busy":    {Ink: "#8a5fbf", Width: 2},
	"failsafe limiter":   {Ink: "#009e73", Width: 2},
	"failsafe throttler": {Ink: "#009e73", Width: 2, Dash: "2 3"},
	"gobreaker":          {Ink: "#c9971c", Width: 2},
}
