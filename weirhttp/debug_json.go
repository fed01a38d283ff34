package weirhttp

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// A debugReport is what ?format=json answers.
type debugReport struct {
	Title   string         `json:"title"`
	Time    time.Time      `json:"time"`
	Seconds float64        `json:"seconds,omitempty"` // between the two looks, if there were two
	Total   int            `json:"total"`
	Matched int            `json:"matched"` // may be more than are listed
	Levels  map[string]int `json:"levels"`  // of all
	Kinds   map[string]int `json:"kinds"`   // of all

	Components []debugComponent `json:"components"`
}

type debugComponent struct {
	ID      string        `json:"id"`
	Kind    string        `json:"kind"`
	Name    string        `json:"name"`
	Level   string        `json:"level"`
	State   string        `json:"state"`
	Why     string        `json:"why,omitempty"`
	Since   *time.Time    `json:"since,omitempty"`
	Details []debugDetail `json:"details,omitempty"`
	Metrics []debugMetric `json:"metrics"`
}

type debugMetric struct {
	Name   string            `json:"name"`
	Help   string            `json:"help"`
	Kind   string            `json:"kind"`
	Labels map[string]string `json:"labels,omitempty"`
	Value  debugValue        `json:"value"`
	Rate   *debugValue       `json:"rate,omitempty"`
}

// A debugValue is a number, or in quotes what JSON has no number for.
type debugValue float64

func (v debugValue) MarshalJSON() ([]byte, error) {
	f := float64(v)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte(strconv.Quote(strconv.FormatFloat(f, 'g', -1, 64))), nil
	}
	return json.Marshal(f)
}

func (d *DebugHandler) serveJSON(w http.ResponseWriter, r *http.Request, q debugQuery) {
	s := look(d.shown(), nil)
	picked, matched := q.pick(s.all)
	if q.seconds > 0 {
		for _, c := range picked {
			s.closeUp(c) // to have the counters to compare with
		}
		if !pause(r, q.seconds) {
			return
		}
		s = look(d.shown(), s)
		picked, matched = q.pick(s.all)
	}
	report := d.report(s, picked)
	report.Matched = matched
	body, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		http.Error(w, "cannot be told as JSON", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
	_, _ = w.Write(append(body, '\n')) // who has left needs no answer
}

// pause reports whether the client is still there afterwards.
func pause(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (d *DebugHandler) report(s *survey, picked []*component) *debugReport {
	report := &debugReport{
		Title:      d.opts.Title,
		Time:       s.at.UTC(),
		Total:      len(s.all),
		Levels:     map[string]int{},
		Kinds:      map[string]int{},
		Components: make([]debugComponent, 0, len(picked)),
	}
	if !s.since.IsZero() {
		report.Seconds = s.at.Sub(s.since).Seconds()
	}
	for i := range s.all {
		report.Levels[debugLevelNames[s.all[i].level]]++
		report.Kinds[s.all[i].kind.name]++
	}
	for _, c := range picked {
		report.Components = append(report.Components, d.reportOn(s, s.closeUp(c)))
	}
	return report
}

func (d *DebugHandler) reportOn(s *survey, up closeUp) debugComponent {
	c := debugComponent{
		ID: up.id(d.seed), Kind: up.kind.name, Name: up.name,
		Level: debugLevelNames[up.level], State: up.state, Why: up.why,
		Details: up.details, Metrics: make([]debugMetric, 0, len(up.metrics)),
	}
	if !up.since.IsZero() {
		c.Since = &up.since
	}
	last := s.last[up.debugKey]
	for i, m := range up.metrics {
		dm := debugMetric{Name: m.Name, Help: m.Help, Kind: m.Kind.String(), Value: debugValue(m.Value)}
		if len(m.Labels) > 0 {
			dm.Labels = make(map[string]string, len(m.Labels))
			for _, l := range m.Labels {
				dm.Labels[l.Name] = l.Value
			}
		}
		if rate, known := s.rate(last, i, m); known {
			dm.Rate = (*debugValue)(&rate)
		}
		c.Metrics = append(c.Metrics, dm)
	}
	return c
}
