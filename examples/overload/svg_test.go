package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
)

// texts decodes the whole picture and returns what is written in it. It fails on
// anything that is not well-formed, and on coordinates outside of the picture.
func texts(t *testing.T, svg []byte) []string {
	t.Helper()
	var found []string
	dec := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			for _, a := range token.Attr {
				checkPlace(t, token.Name.Local, a)
			}
		case xml.CharData:
			if s := strings.TrimSpace(string(token)); s != "" {
				found = append(found, s)
			}
		}
	}
}

func checkPlace(t *testing.T, element string, a xml.Attr) {
	t.Helper()
	limit := 0.0
	switch a.Name.Local {
	case "x", "x1", "x2", "cx":
		limit = pictureWidth
	case "y", "y1", "y2", "cy":
		limit = pictureHeight
	default:
		return
	}
	v, err := strconv.ParseFloat(a.Value, 64)
	if err != nil || !(v >= 0 && v <= limit) {
		t.Errorf("<%s %s=%q> is outside of the picture", element, a.Name.Local, a.Value)
	}
}

func TestPictureShowsBothSystems(t *testing.T) {
	svg := picture(slowBackendPlan(), sample())
	found := strings.Join(texts(t, svg), "\n")
	for _, want := range []string{
		"behind Weir (slow-backend)", "bare", "capacity 250/s", "deadline 400 ms",
		"0.5x", "3x", "245", "148", "over 1000",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("no %q in the picture", want)
		}
	}
	if n := bytes.Count(svg, []byte("<polyline")); n != 4 {
		t.Errorf("%d curves, want 4", n)
	}
}

func TestPictureOfOddResultsIsWellFormed(t *testing.T) {
	texts(t, picture(slowBackendPlan(), result{Capacity: 250}))
	texts(t, picture(slowBackendPlan(), result{Capacity: 250, Rows: []row{{Load: 1}}}))
	texts(t, picture(slowBackendPlan(), result{Capacity: 3, Rows: []row{
		{Load: 2, Bare: figures{Goodput: 1e6, P99: 1e6}},
	}}))
}

func TestLinearAxisHasRoundTicksUpToTheTop(t *testing.T) {
	for _, top := range []float64{0.3, 1, 9.9, 120, 199, 300, 999, 1000, 12345} {
		a := linearAxis(top)
		last := a.ticks[len(a.ticks)-1]
		if last.at < top || last.at != a.hi || len(a.ticks) < 4 || len(a.ticks) > 12 {
			t.Errorf("top %v: %d ticks up to %v, axis to %v", top, len(a.ticks), last.at, a.hi)
		}
	}
}

func TestLogAxisStepsByOneTwoFive(t *testing.T) {
	a := logAxis(10, 700)
	var labels []string
	for _, tick := range a.ticks {
		labels = append(labels, tick.label)
	}
	if got := strings.Join(labels, " "); got != "10 20 50 100 200 500 1000" {
		t.Errorf("ticks %s", got)
	}
	if got := a.place(100); got < 0.499 || got > 0.501 {
		t.Errorf("100 of 10..1000 is at %v", got)
	}
	if a.place(1) != 0 || a.place(1e9) != 1 {
		t.Error("values outside are not clipped")
	}
}
