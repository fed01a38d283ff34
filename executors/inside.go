package executors

import "context"

// inside is the context of all handlers of an engine.
type inside struct {
	context.Context
	engine any
}

type insideKey struct{}

func (i *inside) Value(key any) any {
	if key == (insideKey{}) {
		return i.engine
	}
	return i.Context.Value(key)
}

// isInside reports whether the caller is a handler of this engine, or was given its
// context by one. It calls ctx, so no lock may be held.
func (e *engine[T, B]) isInside(ctx context.Context) bool {
	if ctx.Value(insideKey{}) == any(e) {
		return true
	}
	me := goroutine()
	e.mu.Lock()
	defer e.mu.Unlock()
	_, member := e.members[me]
	return member
}
