package main

import (
	"bytes"
	"fmt"
	"html"
)

// The picture has its own light background, so that it looks the same on a dark page.
const (
	pictureWidth  = 1000
	pictureHeight = 470

	inkText      = "#1f2933"
	inkFaint     = "#66737f"
	inkGrid      = "#e4e8ec"
	inkLimit     = "#8a94a0"
	inkBare      = "#c2410c"
	inkProtected = "#0f6fae"
)

// picture draws the result as SVG: goodput on the left and the p99 on the right,
// each over the offered load.
func picture(p plan, res result) []byte {
	var d drawing
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" role="img" aria-label="Goodput and p99 over offered load, bare and behind Weir">`,
		pictureWidth, pictureHeight)
	d.printf(`<rect width="%d" height="%d" rx="8" fill="#ffffff"/>`, pictureWidth, pictureHeight)
	d.text(60, 38, 18, inkText, "start", "An HTTP server under rising load, bare and behind Weir ("+p.scenario+")")
	d.legend(60, 64)

	load := axis{lo: 0, hi: highestLoad(res) * 1.08}
	for _, r := range res.Rows {
		load.ticks = append(load.ticks, tick{r.Load, fmt.Sprintf("%gx", r.Load)})
	}
	d.panel(panel{
		left: 60, title: "Goodput: answers in time, per second",
		x: load, y: linearAxis(goodputTop(res)),
		limit: res.Capacity, limitLabel: fmt.Sprintf("capacity %.0f/s", res.Capacity),
		bare:      series(res, func(r row) float64 { return r.Bare.Goodput }),
		protected: series(res, func(r row) float64 { return r.Protected.Goodput }),
	})
	d.panel(panel{
		left: 560, title: fmt.Sprintf("p99 wait, ms, log scale (users hang up after %d)", p.patience.Milliseconds()),
		x: load, y: logAxis(10, max(highestP99(res), milliseconds(p.patience))),
		limit: milliseconds(p.deadline), limitLabel: fmt.Sprintf("deadline %d ms", p.deadline.Milliseconds()),
		ceiling:   milliseconds(p.patience),
		bare:      series(res, func(r row) float64 { return r.Bare.P99 }),
		protected: series(res, func(r row) float64 { return r.Protected.P99 }),
	})
	d.printf("</svg>")
	return d.Bytes()
}

func highestLoad(res result) float64 {
	top := 0.0
	for _, r := range res.Rows {
		top = max(top, r.Load)
	}
	return top
}

// goodputTop leaves room for the capacity line and its label.
func goodputTop(res result) float64 {
	top := res.Capacity * 1.2
	for _, r := range res.Rows {
		top = max(top, r.Bare.Goodput*1.1, r.Protected.Goodput*1.1)
	}
	return top
}

func highestP99(res result) float64 {
	top := 0.0
	for _, r := range res.Rows {
		top = max(top, r.Bare.P99, r.Protected.P99)
	}
	return top
}

func series(res result, value func(row) float64) []point {
	var points []point
	for _, r := range res.Rows {
		points = append(points, point{r.Load, value(r)})
	}
	return points
}

// A drawing is the text of an SVG picture.
type drawing struct{ bytes.Buffer }

// printf adds one element and a newline; a Buffer takes everything.
func (d *drawing) printf(format string, args ...any) {
	fmt.Fprintf(d, format+"\n", args...)
}

func (d *drawing) text(x, y float64, size int, ink, anchor, s string) {
	d.printf(`<text x="%.1f" y="%.1f" font-size="%d" fill="%s" text-anchor="%s">%s</text>`,
		x, y, size, ink, anchor, html.EscapeString(s))
}

// halo writes text that stays legible on top of lines.
func (d *drawing) halo(x, y float64, style, ink, s string) {
	d.printf(`<text x="%.1f" y="%.1f" %s fill="%s" stroke="#ffffff" stroke-width="4" paint-order="stroke">%s</text>`,
		x, y, style, ink, html.EscapeString(s))
}

func (d *drawing) line(x1, y1, x2, y2 float64, ink, extra string) {
	d.printf(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" %s/>`, x1, y1, x2, y2, ink, extra)
}

// legend uses different markers as well as colours, for those who cannot tell
// the colours apart.
func (d *drawing) legend(x, y float64) {
	d.line(x, y, x+34, y, inkProtected, `stroke-width="3"`)
	d.marker(x+17, y, inkProtected)
	d.text(x+42, y+5, 14, inkText, "start", "behind Weir")
	x += 160
	d.line(x, y, x+34, y, inkBare, `stroke-width="3"`)
	d.marker(x+17, y, inkBare)
	d.text(x+42, y+5, 14, inkText, "start", "bare")
}

// marker draws a disc for the protected system and a square for the bare one.
func (d *drawing) marker(x, y float64, ink string) {
	const r = 5.0
	if ink == inkBare {
		d.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" stroke="#ffffff" stroke-width="1.5"/>`, x-r, y-r, 2*r, 2*r, ink)
		return
	}
	d.printf(`<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s" stroke="#ffffff" stroke-width="1.5"/>`, x, y, r+0.5, ink)
}
