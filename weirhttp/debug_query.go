package weirhttp

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How many components one answer has, unless asked for another number, and at
// most.
const (
	debugLimit       = 100
	maxDebugLive     = 500
	maxDebugJSON     = 20_000
	maxDebugSeconds  = 60
	maxDebugQuery    = 200 // bytes
	maxDebugTogether = 8   // words
)

// A debugQuery says which components are asked for.
type debugQuery struct {
	words   []string // in lower case
	kind    string
	levels  [debugLevels]bool // all false means all
	limit   int
	seconds time.Duration // 0: look once
}

var (
	errDebugQuery   = errors.New("weirhttp: q is too long")
	errDebugLevel   = errors.New("weirhttp: level is critical, warning, notice, ok, or some of them with commas")
	errDebugLimit   = errors.New("weirhttp: limit is a positive number")
	errDebugSeconds = errors.New("weirhttp: seconds is a number above 0, and 60 at most")
)

func parseDebugQuery(q url.Values) (debugQuery, error) {
	dq := debugQuery{kind: q.Get("kind"), limit: debugLimit}
	text := q.Get("q")
	if dq.words = strings.Fields(strings.ToLower(text)); len(text) > maxDebugQuery || len(dq.words) > maxDebugTogether {
		return dq, errDebugQuery
	}
	for name := range strings.SplitSeq(q.Get("level"), ",") {
		if name == "" {
			continue
		}
		level := slices.Index(debugLevelNames[:], name)
		if level < 0 {
			return dq, errDebugLevel
		}
		dq.levels[level] = true
	}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return dq, errDebugLimit
		}
		dq.limit = min(n, maxDebugJSON)
	}
	if text := q.Get("seconds"); text != "" {
		s, err := strconv.ParseFloat(text, 64)
		if err != nil || !(s > 0 && s <= maxDebugSeconds) { // written so that NaN fails
			return dq, errDebugSeconds
		}
		dq.seconds = time.Duration(s * float64(time.Second))
	}
	return dq, nil
}

func (q *debugQuery) matches(c *component) bool {
	if q.kind != "" && q.kind != c.kind.name {
		return false
	}
	if q.levels != [debugLevels]bool{} && !q.levels[c.level] {
		return false
	}
	for _, word := range q.words {
		if !strings.Contains(c.kind.name, word) && !strings.Contains(c.state, word) &&
			!strings.Contains(strings.ToLower(c.name), word) {
			return false
		}
	}
	return true
}

// pick returns the components that match, trouble first, and how many match; no
// more than the limit of them.
func (q *debugQuery) pick(all []component) (picked []*component, matched int) {
	for i := range all {
		if q.matches(&all[i]) {
			picked = append(picked, &all[i])
		}
	}
	matched = len(picked)
	slices.SortFunc(picked, bySeverity)
	return picked[:min(matched, q.limit)], matched
}

// bySeverity orders what is equally bad in one way, so that rows keep their places.
func bySeverity(a, b *component) int {
	return cmp.Or(
		cmp.Compare(b.level, a.level),
		cmp.Compare(a.source, b.source),
		cmp.Compare(a.kind.name, b.kind.name),
		cmp.Compare(a.name, b.name),
		cmp.Compare(a.address, b.address),
		cmp.Compare(a.nth, b.nth),
	)
}
