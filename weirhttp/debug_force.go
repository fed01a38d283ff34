package weirhttp

import (
	"net/http"

	"github.com/weirgo/weir/breaker"
)

// The states that a breaker may be forced into.
var forcible = map[string]breaker.State{
	breaker.Closed.String():     breaker.Closed,
	breaker.Open.String():       breaker.Open,
	breaker.ForcedOpen.String(): breaker.ForcedOpen,
	breaker.Disabled.String():   breaker.Disabled,
	breaker.DryRun.String():     breaker.DryRun,
}

const maxDebugForm = 4 << 10 // bytes

func (d *DebugHandler) mayForce(r *http.Request) bool {
	return d.opts.Allow != nil && d.opts.Allow(r)
}

// force answers a POST. Another site's page can make a browser send one, but
// neither as if it were of the same origin nor with another method.
func (d *DebugHandler) force(w http.ResponseWriter, r *http.Request) {
	if http.NewCrossOriginProtection().Check(r) != nil || !d.mayForce(r) {
		http.Error(w, "not allowed", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxDebugForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "not a form, or too long a one", http.StatusBadRequest)
		return
	}
	state, ok := forcible[r.PostForm.Get("state")]
	if !ok {
		http.Error(w, "state is closed, open, forced-open, disabled or dry-run", http.StatusBadRequest)
		return
	}
	c := d.find(r.PostForm.Get("id"))
	if c == nil {
		http.Error(w, "there is none of this id any more", http.StatusNotFound)
		return
	}
	f, ok := c.owner.(interface{ Force(breaker.State) })
	if !ok {
		http.Error(w, "it cannot be forced", http.StatusConflict)
		return
	}
	f.Force(state)
	w.WriteHeader(http.StatusNoContent)
}

func (d *DebugHandler) find(id string) *component {
	s := look(d.shown(), nil)
	for i := range s.all {
		if s.all[i].id(d.seed) == id {
			return &s.all[i]
		}
	}
	return nil
}
