package main

import (
	"math"
	"strconv"
)

type tick struct {
	at    float64
	label string
}

// An axis maps values to places between 0 and 1.
type axis struct {
	lo, hi float64
	log    bool
	ticks  []tick
}

// place clips what is outside of the axis to its ends.
func (a axis) place(v float64) float64 {
	lo, hi := a.lo, a.hi
	v = min(max(v, lo), hi)
	if a.log {
		lo, hi, v = math.Log(lo), math.Log(hi), math.Log(v)
	}
	return (v - lo) / (hi - lo)
}

// linearAxis goes from 0 to at least top, with four to eight round ticks.
func linearAxis(top float64) axis {
	step := math.Pow(10, math.Floor(math.Log10(top)))
	switch {
	case top/step < 2:
		step /= 5
	case top/step < 4:
		step /= 2
	}
	a := axis{hi: math.Ceil(top/step) * step}
	for i := range int(math.Round(a.hi/step)) + 1 {
		a.add(float64(i) * step)
	}
	return a
}

// logAxis goes from lo, which is above 0, to at least top in steps of 1, 2, 5, 10.
func logAxis(lo, top float64) axis {
	a := axis{lo: lo, log: true}
	factors := [...]float64{2, 2.5, 2}
	for i, v := 0, lo; ; i++ {
		a.add(v)
		a.hi = v
		if v >= top && i > 0 {
			return a
		}
		v *= factors[i%len(factors)]
	}
}

func (a *axis) add(v float64) {
	a.ticks = append(a.ticks, tick{v, strconv.FormatFloat(v, 'f', -1, 64)})
}
