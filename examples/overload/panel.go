package main

import (
	"fmt"
	"strings"
)

// Where the panels are: they differ in their left edge only.
const (
	panelTop    = 122.0
	panelBottom = 410.0
	panelWidth  = 400.0
)

type point struct{ x, y float64 }

// A panel is one chart with both systems and one horizontal line to compare with.
type panel struct {
	left            float64
	title           string
	x, y            axis
	limit           float64
	limitLabel      string
	ceiling         float64 // values from here on are only known to be greater; 0 if none
	bare, protected []point
}

func (p panel) px(v float64) float64 { return p.left + p.x.place(v)*panelWidth }
func (p panel) py(v float64) float64 { return panelBottom - p.y.place(v)*(panelBottom-panelTop) }

func (d *drawing) panel(p panel) {
	d.text(p.left, panelTop-18, 14, inkText, "start", p.title)
	right := p.left + panelWidth
	for _, t := range p.y.ticks {
		y := p.py(t.at)
		d.line(p.left, y, right, y, inkGrid, `stroke-width="1"`)
		d.text(p.left-8, y+4, 12, inkFaint, "end", t.label)
	}
	for _, t := range p.x.ticks {
		x := p.px(t.at)
		d.line(x, panelBottom, x, panelBottom+5, inkFaint, `stroke-width="1"`)
		d.text(x, panelBottom+20, 12, inkFaint, "middle", t.label)
	}
	d.line(p.left, panelBottom, right, panelBottom, inkFaint, `stroke-width="1"`)
	d.text(p.left+panelWidth/2, panelBottom+42, 12, inkFaint, "middle", "offered load, in multiples of the capacity")

	y := p.py(p.limit)
	d.line(p.left, y, right, y, inkLimit, `stroke-width="1.5" stroke-dasharray="6 5"`)
	d.halo(p.left+6, y-8, `font-size="12" text-anchor="start"`, inkFaint, p.limitLabel)

	d.curve(p, p.bare, inkBare)
	d.curve(p, p.protected, inkProtected)
}

// curve draws the points, a line through them, and the value of the last one.
func (d *drawing) curve(p panel, points []point, ink string) {
	if len(points) == 0 {
		return
	}
	places := make([]string, len(points))
	for i, v := range points {
		places[i] = fmt.Sprintf("%.1f,%.1f", p.px(v.x), p.py(v.y))
	}
	d.printf(`<polyline points="%s" fill="none" stroke="%s" stroke-width="3" stroke-linejoin="round"/>`,
		strings.Join(places, " "), ink)
	for _, v := range points {
		d.marker(p.px(v.x), p.py(v.y), ink)
	}
	last := points[len(points)-1]
	d.halo(p.px(last.x), p.labelY(last.y), `font-size="14" font-weight="600" text-anchor="middle"`, ink, p.label(last.y))
}

func (p panel) label(v float64) string {
	if p.ceiling > 0 && v >= p.ceiling {
		return fmt.Sprintf("over %.0f", p.ceiling)
	}
	return fmt.Sprintf("%.0f", v)
}

// labelY puts the label of a value above its marker, or below where that would
// lie on the dashed line or outside of the panel.
func (p panel) labelY(v float64) float64 {
	y, limit := p.py(v), p.py(p.limit)
	above := y - 12
	if above-14 < panelTop || (limit < y+4 && limit > above-16) {
		return y + 24
	}
	return above
}
