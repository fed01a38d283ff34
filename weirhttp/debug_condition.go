package weirhttp

import (
	"strconv"
	"strings"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

// A debugLevel is how much trouble a component is in.
type debugLevel uint8

const (
	levelOK debugLevel = iota
	levelNotice
	levelWarning
	levelCritical
	debugLevels = iota
)

var debugLevelNames = [debugLevels]string{"ok", "notice", "warning", "critical"}

// A condition is what is to be said of a component at a glance.
type condition struct {
	level  debugLevel
	state  string // a word or two
	why    string
	weight float64 // of two that are as bad, the heavier counts
	passes bool    // it may be another in a moment
}

func (c condition) worse(than condition) bool {
	return c.level > than.level || c.level == than.level && c.weight > than.weight
}

type trigger uint8

const (
	present trigger = iota // the value is not 0
	absent                 // it is
	growing                // it was less a moment ago
)

// A debugRule says what a metric means.
type debugRule struct {
	kind   string // only of this kind; "" is any
	suffix string // of the metric's name
	label  string // only where a label has this value; "" is any
	when   trigger
	level  debugLevel
	state  string
	text   string // instead of the metric's help
}

// debugRules know metrics by the ends of their names, so they hold for users'
// sources, too. The first that fits a metric counts.
var debugRules = []debugRule{
	{"", "_registered", "", absent, levelCritical, "not registered", "Others cannot find this instance."},
	{"", "_degraded", "", present, levelWarning, "degraded", "The store does not answer, a stand-in decides."},
	{"", "_stale", "", present, levelWarning, "stale", "The endpoints may not be what etcd has."},
	{"etcd", "_empty", "", present, levelWarning, "empty", "There is no endpoint."},
	{"balancer", "_ready", "", absent, levelWarning, "not ready", "Not connected."},
	{"", "_signal_readable", "", absent, levelNotice, "signal unread", "A signal cannot be read."},
	{"", "_waiting", "", present, levelNotice, "waiting", ""},
	{"", "_due", "", present, levelNotice, "late", ""},

	{"shedder", "_refusals_total", "", growing, levelWarning, "shedding", ""},
	{"rate limit", "_refused_total", "", growing, levelNotice, "limiting", ""},
	{"quota", "_refused_total", "", growing, levelNotice, "limiting", ""},
	{"executor", "_failed_total", "", growing, levelWarning, "losing items", ""},
	{"balancer", "_failures_total", "", growing, levelNotice, "failing", ""},
	{"retry budget", "_retries_total", "refused", growing, levelWarning, "exhausted", ""},
	{"", "_deletes_total", "lost", growing, levelWarning, "losing deletes", ""},
	{"", "_loads_total", "error", growing, levelWarning, "failing", ""},
	{"", "_refused_total", "", growing, levelWarning, "refusing", ""},
	{"", "_panics_total", "", growing, levelWarning, "panicking", ""},
	{"", "_failures_total", "", growing, levelWarning, "failing", ""},
	{"", "_timed_out_total", "", growing, levelNotice, "timing out", ""},
	{"", "_corrupt_total", "", growing, levelWarning, "corrupt", ""},
	{"", "_reclaimed_total", "", growing, levelNotice, "reclaiming", ""},
}

func (r *debugRule) fits(k *debugKind, m weir.Metric) bool {
	if r.kind != "" && r.kind != k.name || !strings.HasSuffix(m.Name, r.suffix) {
		return false
	}
	if r.label == "" {
		return true
	}
	for _, l := range k.besides(m.Labels) {
		if l.Value == r.label {
			return true
		}
	}
	return false
}

// holds tells whether the metric, which grows by rate, means trouble.
func (r *debugRule) holds(value, rate float64) bool {
	switch r.when {
	case growing:
		return rate > 0
	case absent:
		return value == 0
	default:
		return value > 0
	}
}

// passes tells whether what the rule says comes and goes: a rate, a short queue.
func (r *debugRule) passes() bool {
	return r.when == growing || r.when == present && r.level == levelNotice
}

// judge returns what one metric says of its component.
func judge(k *debugKind, m weir.Metric, rate float64) condition {
	if m.Name == "weir_breaker_state" {
		return conditionOf(breaker.State(m.Value))
	}
	for i := range debugRules {
		r := &debugRules[i]
		if !r.fits(k, m) {
			continue
		}
		if !r.holds(m.Value, rate) {
			return condition{}
		}
		return condition{r.level, r.state, r.says(k, m, rate), rate, r.passes()}
	}
	return condition{}
}

// says is why: the number, and what it is of.
func (r *debugRule) says(k *debugKind, m weir.Metric, rate float64) string {
	if r.text != "" {
		return r.text
	}
	number := strconv.FormatFloat(m.Value, 'g', -1, 64)
	if r.when == growing {
		number = strconv.FormatFloat(rate, 'f', 1, 64) + "/s"
	}
	var values []string
	for _, l := range k.besides(m.Labels) {
		values = append(values, l.Value)
	}
	if len(values) > 0 {
		number += " (" + strings.Join(values, ", ") + ")"
	}
	return number + ": " + m.Help
}

// conditionOf is that of a breaker.
func conditionOf(s breaker.State) condition {
	c := condition{state: s.String()}
	switch s {
	case breaker.Open, breaker.ForcedOpen:
		c.level = levelCritical
	case breaker.Throttling:
		c.level = levelWarning
	case breaker.Disabled, breaker.DryRun:
		c.level = levelNotice
	}
	return c
}

// debugHold is for how long what passes is repeated, so that a component which
// refuses a call now and then does not jump up and down.
const debugHold = 5 * time.Second
