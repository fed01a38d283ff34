package weirhttp

import (
	"slices"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

// A debugDetail is something to be known in words.
type debugDetail struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

const maxDebugDetails = 20 // of one component

// A closeUp is all there is to be known of a component that is shown.
type closeUp struct {
	*component
	since   time.Time // in which state it is; zero is not known
	details []debugDetail
}

// closeUp asks a component that is shown for what was not worth while before.
func (s *survey) closeUp(c *component) (up closeUp) {
	up.component = c
	defer func() {
		if v := recover(); v != nil {
			c.condition = panickedWith(v)
		}
		up.explain()
	}()
	if c.lazy {
		c.owner.Metrics(func(m weir.Metric) bool {
			c.metrics = append(c.metrics, m)
			return true
		})
		s.now[c.debugKey] = &past{metrics: c.metrics}
	}
	if d, ok := c.owner.(interface {
		Details(yield func(key, value string) bool)
	}); ok {
		d.Details(func(key, value string) bool {
			if len(up.details) == maxDebugDetails {
				panic("weirhttp: Details went on after it was told to stop")
			}
			up.details = append(up.details, debugDetail{shorten(key), shorten(value)})
			return len(up.details) < maxDebugDetails
		})
	}
	return up
}

// explain takes state, since and why from the details, where nothing else said so.
func (up *closeUp) explain() {
	for _, d := range up.details {
		switch d.Key {
		case "state":
			if up.level == levelOK && !up.lazy {
				up.state = shorten(d.Value)
			}
		case "since":
			up.since, _ = time.Parse(time.RFC3339Nano, d.Value)
		}
	}
	if i := slices.IndexFunc(up.details, func(d debugDetail) bool { return d.Key == "reason" }); i >= 0 && up.level > levelOK {
		if up.why != "" {
			up.why += " "
		}
		up.why += up.details[i].Value
	}
}

// canForce tells whether the component is one that can be forced into a state.
func (c *component) canForce() bool {
	_, ok := c.owner.(interface{ Force(breaker.State) })
	return ok
}
