package syncx_test

import (
	"context"
	"sync/atomic"
)

// A dying context ends without waking anybody, as if who waits for it had been
// given something else at the same moment, and saw that first.
type dying struct {
	context.Context
	done  chan struct{}
	ended atomic.Bool
	last  func() // if set, is called by who sees the end first
}

func newDying() *dying { return &dying{Context: context.Background(), done: make(chan struct{})} }

func (d *dying) Done() <-chan struct{} { return d.done }

func (d *dying) end() { d.ended.Store(true) }

func (d *dying) Err() error {
	if !d.ended.Load() {
		return nil
	}
	if last := d.last; last != nil {
		d.last = nil
		last()
	}
	return context.Canceled
}
