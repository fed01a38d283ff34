package weirhttp

import (
	"strings"

	"github.com/weirgo/weir"
)

// A debugKind is what the page knows of a kind of components beyond what their
// metrics say.
type debugKind struct {
	name   string
	prefix string // of its metrics
	parts  int    // how many labels, from the first, make up the name
	lead   []leadMetric
}

// A leadMetric is one that is shown at a glance. The first of a kind makes the line
// of its trend, the sum of those that are bad the second.
type leadMetric struct {
	metric, label string // the name without the prefix; the value of the label after the name
	title         string
	bad           bool
}

var debugKinds = []debugKind{
	{"breaker", "weir_breaker_", 1, []leadMetric{
		{"calls_total", "success", "success", false},
		{"calls_total", "failure", "failed", true},
		{"calls_total", "refused", "refused", true},
		{"drop_ratio", "", "drops", false},
	}},
	{"shedder", "weir_shedder_", 1, []leadMetric{
		{"calls_total", "success", "success", false},
		{"calls_total", "refused", "refused", true},
		{"in_flight", "", "in flight", false},
		{"limit", "critical-plus", "limit", false},
	}},
	{"rate limit", "weir_token_", 1, rateLead},
	{"quota", "weir_period_", 1, rateLead},
	{"concurrency", "weir_concurrency_", 1, []leadMetric{
		{"in_flight", "", "in flight", false},
		{"max", "", "limit", false},
		{"waiting", "", "waiting", false},
		{"refused_total", "", "refused", true},
	}},
	{"transport", "weir_transport_", 1, []leadMetric{
		{"calls_total", "", "calls", false},
		{"in_flight", "", "in flight", false},
		{"retries_total", "", "retries", false},
		{"refused_total", "", "refused", true},
	}},
	{"retry budget", "weir_retry_budget_", 1, []leadMetric{
		{"retries_total", "granted", "retries", false},
		{"retries_total", "refused", "refused", true},
		{"tokens", "", "room", false},
	}},
	{"pool", "weir_pool_", 1, []leadMetric{
		{"in_use", "", "in use", false},
		{"max_open", "", "limit", false},
		{"waiting", "", "waiting", false},
		{"create_failures_total", "", "failed", true},
	}},
	{"cache", "weir_cache_", 1, []leadMetric{
		{"lookups_total", "hit", "hits", false},
		{"lookups_total", "miss", "misses", false},
		{"loads_total", "error", "failed", true},
		{"entries", "", "entries", false},
	}},
	{"redis cache", "weir_redis_cache_", 1, []leadMetric{
		{"reads_total", "hit", "hits", false},
		{"reads_total", "miss", "misses", false},
		{"loads_total", "error", "failed", true},
	}},
	{"executor", "weir_executor_", 1, []leadMetric{
		{"handled_total", "", "handled", false},
		{"pending", "", "pending", false},
		{"waiting", "", "waiting", false},
		{"failed_total", "", "lost", true},
	}},
	{"task runner", "weir_task_runner_", 1, []leadMetric{
		{"done_total", "", "done", false},
		{"running", "", "running", false},
		{"queued", "", "queued", false},
		{"refused_total", "", "refused", true},
	}},
	{"worker group", "weir_worker_group_", 1, []leadMetric{
		{"live", "", "live", false},
		{"workers", "", "of", false},
		{"panics_total", "", "panics", true},
	}},
	{"wheel", "weir_wheel_", 1, timerLead},
	{"timers", "weir_timers_", 1, timerLead},
	{"balancer", "weir_balancer_", 3, []leadMetric{
		{"picks_total", "", "calls", false},
		{"in_flight", "", "in flight", false},
		{"latency_seconds", "", "latency", false},
		{"failures_total", "", "failed", true},
	}},
	{"stable runner", "weir_stable_runner_", 1, []leadMetric{
		{"done_total", "", "done", false},
		{"running", "", "running", false},
		{"owed", "", "owed", false},
	}},
	{"hash ring", "weir_hash_ring_", 1, []leadMetric{
		{"acquired_total", "", "acquired", false},
		{"in_flight", "", "in flight", false},
		{"nodes", "", "nodes", false},
	}},
	{"limit memory", "weir_limit_memory_", 1, nil},
	{"recovered panics", "weir_threading_", 1, nil},
	{"etcd", "weir_etcd_", 1, nil},
}

var rateLead = []leadMetric{
	{"allowed_total", "", "allowed", false},
	{"refused_total", "", "refused", true},
	{"keys", "", "keys", false},
}

var timerLead = []leadMetric{
	{"fired_total", "", "fired", false},
	{"pending", "", "pending", false},
	{"due", "", "due", false},
	{"panics_total", "", "panics", true},
}

// kindOf returns the kind that a metric tells of, nil if it is none of Weir's own.
func kindOf(metric string) *debugKind {
	for i := range debugKinds {
		if strings.HasPrefix(metric, debugKinds[i].prefix) {
			return &debugKinds[i]
		}
	}
	return nil
}

// nameIn returns the name of the component in the labels of one of its metrics.
func (k *debugKind) nameIn(labels []weir.Label) string {
	switch n := min(k.parts, len(labels)); n {
	case 0:
		return ""
	case 1:
		return labels[0].Value
	default:
		values := make([]string, n)
		for i := range values {
			values[i] = labels[i].Value
		}
		return strings.Join(values, " / ")
	}
}

// besides returns the labels that do not make up the name.
func (k *debugKind) besides(labels []weir.Label) []weir.Label {
	return labels[min(k.parts, len(labels)):]
}

// glance returns the places of the lead metrics among the metrics of a component;
// of a kind without, those of the first four. What is not there is left out.
func (k *debugKind) glance(metrics []weir.Metric) (lead []glimpse) {
	for _, l := range k.lead {
		for i, m := range metrics {
			rest, ours := strings.CutPrefix(m.Name, k.prefix)
			if ours && rest == l.metric && labelled(k.besides(m.Labels), l.label) {
				lead = append(lead, glimpse{i, l.title, l.bad})
				break
			}
		}
	}
	if k.lead == nil {
		for i := range metrics[:min(4, len(metrics))] {
			lead = append(lead, glimpse{i, shorten(k.short(metrics[i])), false})
		}
	}
	return lead
}

func labelled(labels []weir.Label, value string) bool {
	return value == "" || len(labels) > 0 && labels[0].Value == value
}

// A glimpse is a lead metric, found among those of a component.
type glimpse struct {
	At    int    `json:"at"`
	Title string `json:"title"`
	Bad   bool   `json:"bad,omitempty"`
}

// short is the name of a metric without what the kind and the form say already.
func (k *debugKind) short(m weir.Metric) string {
	text := strings.TrimSuffix(strings.TrimPrefix(m.Name, k.prefix), "_total")
	for _, unit := range [...]string{"_seconds", "_ratio", "_bytes"} {
		text = strings.TrimSuffix(text, unit)
	}
	text = strings.ReplaceAll(text, "_", " ")
	for _, l := range k.besides(m.Labels) {
		text += " " + l.Value
	}
	return text
}
