package breaker

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Why calls failed that gave no error to quote.
const (
	reasonFailed     = "failed"
	reasonOverloaded = "overloaded"
	reasonSlow       = "slow call"
	reasonPanic      = "panic or Goexit"
)

const (
	maxReasons      = 5
	maxReasonLength = 200 // bytes
)

// A Reason is why calls failed: the text of an error, cut to 200 bytes.
type Reason struct {
	Text  string
	Count uint64 // how often since it came to be among the last five
	Last  time.Time
}

// reasons keeps the last five different ones.
type reasons struct {
	mu   sync.Mutex
	list []Reason // guarded by mu; newest last
}

// textOf returns what err says. A nil pointer in an error may make that panic,
// which must not hide that the call failed.
func textOf(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = reasonFailed
		}
	}()
	return err.Error()
}

// because notes why a call failed.
func (b *Breaker) because(text string, now int64) {
	r := b.reasons.Load()
	if r == nil {
		b.reasons.CompareAndSwap(nil, new(reasons))
		r = b.reasons.Load()
	}
	text = strings.ToValidUTF8(text[:min(len(text), maxReasonLength)], "")
	r.note(text, b.epoch.Add(time.Duration(now)))
}

func (r *reasons) note(text string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.list == nil {
		r.list = make([]Reason, 0, maxReasons)
	}
	reason := Reason{Text: text}
	i := slices.IndexFunc(r.list, func(known Reason) bool { return known.Text == text })
	switch {
	case i >= 0:
		reason = r.list[i]
	case len(r.list) == maxReasons:
		i = 0 // the oldest makes room
	}
	if i >= 0 {
		r.list = slices.Delete(r.list, i, i+1)
	}
	if reason.Count == 0 {
		reason.Text = strings.Clone(text) // not to keep a large text alive for a part
	}
	reason.Count++
	reason.Last = at
	r.list = append(r.list, reason)
}

func (r *reasons) snapshot() []Reason {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	newestFirst := slices.Clone(r.list)
	slices.Reverse(newestFirst)
	return newestFirst
}
