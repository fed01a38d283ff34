package lab

import (
	"fmt"
	"io"
)

// A Bubble calls a func in a synctest bubble.
type Bubble func(func())

// A Page is what all subjects did in a case. Of those that look at deadlines there is
// a second time, with deadlines hidden.
type Page struct {
	Case  Case
	Bests []Best
	Lines []Measured // span by span, and subject by subject within
}

// NewPage measures a case, and finds its oracle.
func NewPage(c Case, subjects []Subject, in Bubble) Page {
	p := Page{Case: c, Bests: Oracle(c)}
	for _, s := range subjects {
		p.measure(c, s, in)
		if s.Name == weirName {
			p.measure(c.Hidden(), s, in)
		}
	}
	return p
}

func (p *Page) measure(c Case, s Subject, in Bubble) {
	var figures []Figures
	in(func() { figures = Measure(c, s) })
	for i, f := range figures {
		p.Lines = append(p.Lines, Measured{Case: c, Span: c.Spans[i], Best: p.Bests[i], By: s.Name, Figures: f})
	}
}

// WriteText writes the page as a table.
func (p Page) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "\n%s, %s: the mean of %d runs\n", p.Case.Row, p.Case.Name, p.Case.Seeds)
	err := WriteHeading(w)
	for _, span := range p.Case.Spans {
		for _, m := range p.of(span) {
			err = m.WriteText(w)
		}
	}
	return err
}
