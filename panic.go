package weir

import (
	"fmt"
	"runtime/debug"
)

// A Panic is a panic caught on one goroutine, to be reported, or raised again on
// another that waits for it. Hooks named OnPanic are given one; functions that
// wait for work which panicked panic with a *Panic, so that both stacks are seen.
//
// It is an error, so that whoever recovers it can treat it as one: errors.Is and
// errors.As see through it where Value is an error.
type Panic struct {
	Value any    // what panic was called with
	Stack []byte // of the goroutine that panicked, as debug.Stack formats it
}

// CaughtPanic makes a Panic of what recover returned. It must be called by the
// deferred function that recovered, where the stack below is still that of the
// panic. A *Panic, raised again, stays as it is, with the stack of the first.
func CaughtPanic(recovered any) *Panic {
	if p, ok := recovered.(*Panic); ok {
		return p
	}
	return &Panic{Value: recovered, Stack: debug.Stack()}
}

// Error returns the value and the stack, since whatever prints a panic that
// nobody recovers prints no more than this.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v\n\n%s", p.Value, p.Stack) }

// Unwrap returns Value where it is an error, else nil.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}
