package lab

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"
)

// A Chart is lines over a common axis. Each is named at its right end.
type Chart struct {
	Title, Below string
	X, Y         Axis
	Curves       []Curve
	Levels       []Curve // what the curves are to be seen against, such as a capacity
}

// A Curve is points in rising order of X.
type Curve struct {
	Name   string
	Style  Style
	Points []Point
}

// A Point is a value of both axes.
type Point struct{ X, Y float64 }

// A Style is how a curve is drawn.
type Style struct {
	Ink   string
	Width float64
	Dash  string
}

// The picture has its own light background, so that it looks the same on a page of
// whatever colour.
const (
	chartWidth, chartHeight = 1000.0, 560.0
	chartLeft, chartRight   = 84.0, 716.0
	chartTop, chartBottom   = 96.0, 490.0

	inkText  = "#1f2933"
	inkFaint = "#5f6b76"
	inkGrid  = "#e4e8ec"
	inkLevel = "#9aa5b1"
)

// SVG returns the picture.
func (c Chart) SVG() []byte {
	var d drawing
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" role="img" aria-label="%s">`,
		chartWidth, chartHeight, chartWidth, chartHeight, html.EscapeString(c.Title))
	d.printf(`<rect width="%.0f" height="%.0f" rx="8" fill="#ffffff"/>`, chartWidth, chartHeight)
	d.text(chartLeft, 36, 19, inkText, "start", c.Title)
	d.text(chartLeft, 60, 14, inkFaint, "start", c.Below)
	c.axes(&d)
	for _, level := range c.Levels {
		c.line(&d, level)
		c.nameLevel(&d, level)
	}
	// The first curve is the one that matters, so it lies on top.
	for _, curve := range slices.Backward(c.Curves) {
		c.line(&d, curve)
	}
	c.names(&d)
	d.printf("</svg>")
	return d.Bytes()
}

func (c Chart) axes(d *drawing) {
	for _, t := range c.Y.Ticks {
		y := c.y(t.Value)
		d.line(chartLeft, y, chartRight, y, inkGrid)
		d.text(chartLeft-10, y+5, 13, inkFaint, "end", t.Label)
	}
	for _, t := range c.X.Ticks {
		x := c.x(t.Value)
		d.line(x, chartBottom, x, chartBottom+6, inkFaint)
		d.text(x, chartBottom+24, 13, inkFaint, "middle", t.Label)
	}
	d.line(chartLeft, chartBottom, chartRight, chartBottom, inkFaint)
	d.text((chartLeft+chartRight)/2, chartBottom+50, 14, inkText, "middle", c.X.Title)
	d.text(chartLeft-74, chartTop-12, 14, inkText, "start", c.Y.Title)
}

func (c Chart) x(v float64) float64 { return chartLeft + c.X.place(v)*(chartRight-chartLeft) }
func (c Chart) y(v float64) float64 { return chartBottom - c.Y.place(v)*(chartBottom-chartTop) }

func (c Chart) line(d *drawing, curve Curve) {
	var points []string
	for _, p := range curve.Points {
		points = append(points, fmt.Sprintf("%.1f,%.1f", c.x(p.X), c.y(p.Y)))
	}
	s := curve.Style
	d.printf(`<polyline points="%s" fill="none" stroke="%s" stroke-width="%.1f" stroke-dasharray="%s" stroke-linejoin="round"/>`,
		strings.Join(points, " "), s.Ink, s.Width, s.Dash)
}

// nameLevel writes the name above the right end of the level.
func (c Chart) nameLevel(d *drawing, level Curve) {
	end := level.Points[len(level.Points)-1]
	d.text(c.x(end.X)-4, c.y(end.Y)-6, 12, inkFaint, "end", level.Name)
}

// names writes the name of each curve beside its end, and moves them apart where
// several curves end at one place. One that ends early is named below the others.
func (c Chart) names(d *drawing) {
	ends := make([]float64, len(c.Curves))
	for i, curve := range c.Curves {
		if ends[i] = chartBottom; c.reaches(curve) {
			ends[i] = c.y(curve.Points[len(curve.Points)-1].Y)
		}
	}
	const lineHeight, indent = 20.0, 44.0
	places := apart(ends, lineHeight, chartTop, chartBottom)
	for i, curve := range c.Curves {
		s, x := curve.Style, chartRight+indent
		if c.reaches(curve) {
			d.line(chartRight+2, ends[i], x-12, places[i], inkLevel)
		}
		d.printf(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%.1f" stroke-dasharray="%s"/>`,
			x-8, places[i], x+20, places[i], s.Ink, s.Width, s.Dash)
		d.text(x+28, places[i]+5, 14, inkText, "start", curve.Name)
	}
}

// reaches says whether the curve goes on to the right end of the axis.
func (c Chart) reaches(curve Curve) bool {
	if len(curve.Points) == 0 {
		return false
	}
	const nearly = 0.98
	return c.X.place(curve.Points[len(curve.Points)-1].X) > nearly
}

// apart returns places near the wanted ones, none nearer to another than gap and, if
// there is room, none beyond the ends. Those that are wanted at one place keep their
// order.
func apart(wanted []float64, gap, low, high float64) []float64 {
	order := make([]int, len(wanted))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(wanted[a], wanted[b]) })
	places := slices.Clone(wanted)
	at := low - gap
	for _, i := range order {
		places[i] = max(wanted[i], at+gap)
		at = places[i]
	}
	at = high + gap
	for _, i := range slices.Backward(order) {
		places[i] = min(places[i], at-gap)
		at = places[i]
	}
	return places
}

// A drawing is the text of an SVG picture.
type drawing struct{ bytes.Buffer }

// printf adds one element and a newline; a Buffer takes everything.
func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

func (d *drawing) text(x, y float64, size int, ink, anchor, s string) {
	d.printf(`<text x="%.1f" y="%.1f" font-size="%d" fill="%s" text-anchor="%s">%s</text>`,
		x, y, size, ink, anchor, html.EscapeString(s))
}

func (d *drawing) line(x1, y1, x2, y2 float64, ink string) {
	d.printf(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>`, x1, y1, x2, y2, ink)
}
