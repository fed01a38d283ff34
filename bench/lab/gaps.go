package lab

// A Gap is a line that the shedder does not reach yet, and what it holds instead. The
// line stays the aim: a gap that has closed fails the tests until it is taken off the
// list. docs/decisions/0013 says what is known about each, and 0016 that none of the lines
// asks for what nobody can know.
type Gap struct {
	Row, Span string
	Hidden    bool
	Held      Line
}

// GapOf returns the gap that a measurement falls into, if there is one.
func GapOf(m Measured) (Gap, bool) {
	for _, g := range gaps {
		if g.Row == m.Case.Row && g.Span == m.Span.Name && g.Hidden == m.Case.Scenario.Hidden {
			return g, true
		}
	}
	return Gap{}, false
}

// Missed returns which parts of the line were missed, with what is held in place of
// what is out of reach.
func (g Gap) Missed(m Measured) []string {
	line := &m.Span.Line
	for _, part := range []struct{ held, line *float64 }{
		{&g.Held.Goodput, &line.Goodput}, {&g.Held.Late, &line.Late}, {&g.Held.Refused, &line.Refused},
	} {
		if *part.held > 0 {
			*part.line = *part.held
		}
	}
	return m.Missed()
}
