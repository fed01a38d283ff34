package limit

const maxUntold = 32 // transitions that a hook which hangs may fall behind

// news are the transitions of a gate that its hook has not heard of yet. They
// belong to the gate's mutex.
type news struct {
	hook    func(degraded bool, err error)
	untold  []transition
	telling bool // somebody runs the hook
}

type transition struct {
	degraded bool
	err      error
}

// add puts a transition in line. They alternate: of a hook that hangs, the two
// oldest are kept back, which cancel each other out.
func (n *news) add(t transition) {
	if n.hook == nil {
		return
	}
	if len(n.untold) >= maxUntold {
		n.untold = n.untold[2:]
	}
	n.untold = append(n.untold, t)
}

// next takes the transition that the caller must now tell, if nobody is at it.
func (n *news) next() (transition, bool) {
	if n.telling || len(n.untold) == 0 {
		return transition{}, false
	}
	t := n.untold[0]
	n.untold = n.untold[1:]
	n.telling = true
	return t, true
}

// tell runs the hook, without locks, for each transition that it has not heard
// of. If another goroutine is at it, that one goes on to the new ones.
func (g *gate) tell() {
	for g.tellOne() {
	}
}

func (g *gate) tellOne() bool {
	g.mu.Lock()
	t, ok := g.news.next()
	g.mu.Unlock()
	if !ok {
		return false
	}
	defer func() { // also if the hook panics
		g.mu.Lock()
		defer g.mu.Unlock()
		g.news.telling = false
	}()
	g.news.hook(t.degraded, t.err)
	return true
}
