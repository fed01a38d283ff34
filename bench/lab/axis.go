package lab

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// An Axis maps values to places. Its ticks are in rising order and its ends are the
// first and the last of them.
type Axis struct {
	Title string
	Log   bool
	Ticks []Tick
}

// A Tick is a value that is written at an axis.
type Tick struct {
	Value float64
	Label string
}

// place returns where a value lies between the ends, 0 to 1. What is beyond an end
// lies at that end.
func (a Axis) place(v float64) float64 {
	lo, hi := a.Ticks[0].Value, a.Ticks[len(a.Ticks)-1].Value
	if a.Log {
		lo, hi, v = math.Log(lo), math.Log(hi), math.Log(max(v, lo))
	}
	return min(1, max(0, (v-lo)/(hi-lo)))
}

// linear has n steps of the given size from 0.
func linear(title string, step float64, n int) Axis {
	a := Axis{Title: title}
	for i := range n + 1 {
		v := float64(i) * step
		a.Ticks = append(a.Ticks, Tick{v, thousands(v)})
	}
	return a
}

// durations is logarithmic, with the values in milliseconds.
func durations(title string, from, to time.Duration) Axis {
	a := Axis{Title: title, Log: true}
	for d := from; d <= to; d *= 10 {
		a.Ticks = append(a.Ticks, Tick{float64(d.Milliseconds()), duration(d)})
	}
	return a
}

// duration is written in seconds from one second on.
func duration(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%g s", d.Seconds())
}

// multiples is logarithmic, with the values in multiples of something.
func multiples(title string, values ...float64) Axis {
	a := Axis{Title: title, Log: true}
	for _, v := range values {
		a.Ticks = append(a.Ticks, Tick{v, fmt.Sprintf("%gx", v)})
	}
	return a
}

// thousands writes a number the way people read it.
func thousands(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if v >= 1000 && len(s) > 3 {
		return s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s
}
