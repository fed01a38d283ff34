package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/simulate"
)

// A call is the context of a request. It has a deadline and no timer, for thousands
// of requests come in a second of virtual time.
type call struct {
	context.Context
	deadline time.Time
	visible  bool
	late     bool
}

// Deadline implements [context.Context].
func (c *call) Deadline() (time.Time, bool) { return c.deadline, c.visible }

// Err implements [context.Context].
func (c *call) Err() error {
	if c.late {
		return context.DeadlineExceeded
	}
	return nil
}

// guarded puts a weir.Guard in front of a simulated service.
type guarded struct {
	guard   weir.Guard
	epoch   time.Time
	classes [simulate.NumClasses]context.Context
	spare   *call // of a request that was refused
}

// Guarded returns a guard of package simulate. It must be called at the time that the
// simulation begins.
func Guarded(g weir.Guard) simulate.Guard { return newGuarded(g) }

func newGuarded(g weir.Guard) *guarded {
	return &guarded{guard: g, epoch: time.Now(), classes: classes()}
}

func classes() (ctxs [simulate.NumClasses]context.Context) {
	for class := range ctxs {
		ctxs[class] = weir.WithCriticality(context.Background(), criticality(class))
	}
	return ctxs
}

// criticality is a class of package simulate, which numbers them from 0.
func criticality(class int) weir.Criticality { return weir.Sheddable + weir.Criticality(class) }

// Admit implements [simulate.Guard].
func (g *guarded) Admit(r simulate.Request) (func(late bool), bool) {
	c := g.call(r)
	permit, err := g.guard.Allow(c)
	if err != nil {
		mustBeRefusal(err)
		g.spare = c
		return nil, false
	}
	return func(late bool) { permit.Done(c.outcome(late)) }, true
}

func (g *guarded) call(r simulate.Request) *call {
	c := g.spare
	g.spare = nil
	if c == nil {
		c = new(call)
	}
	*c = call{Context: g.classes[r.Class], deadline: g.epoch.Add(r.Deadline), visible: !r.Hidden}
	return c
}

// outcome ends the call. A service that is told deadlines finds that one has passed;
// one that is not cannot know, and is content.
func (c *call) outcome(late bool) weir.Outcome {
	c.late = late && c.visible
	if c.late {
		return weir.Failure
	}
	return weir.Success
}

func mustBeRefusal(err error) {
	if !errors.Is(err, weir.ErrRejected) {
		panic(fmt.Sprintf("lab: not a refusal: %v", err))
	}
}
