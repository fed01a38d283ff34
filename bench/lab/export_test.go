package lab

var (
	Apart     = apart
	Duration  = duration
	Thousands = thousands
)

// FixedLimit returns what a fixed limit does in the spans of a case.
func FixedLimit(c Case, limit int) []Figures { return c.fixed(limit) }

// Place is where a value lies on an axis.
func (a Axis) Place(v float64) float64 { return a.place(v) }
