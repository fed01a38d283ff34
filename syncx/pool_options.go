package syncx

import (
	"context"
	"errors"
	"time"

	"github.com/weirgo/weir"
)

// PoolOptions configures a [Pool].
type PoolOptions[T any] struct {
	// Name tells this pool apart in metrics.
	Name string
	// MaxOpen is how many resources there may be at a time, those that are being
	// created or destroyed included: at least 1. There is no default.
	MaxOpen int
	// MaxIdle is how many of them may lie idle; what is put back beyond that, and
	// nobody waits for, is destroyed. The default is MaxOpen; negative is none.
	MaxIdle int
	// MaxIdleTime is how long a resource may lie idle before it is destroyed.
	// The default is for ever, as is a negative time.
	MaxIdleTime time.Duration
	// MaxLifetime is how old a resource may become before it is destroyed, as soon
	// as it is idle. Up to a tenth of it is taken off at random, so that what was
	// created together does not end together. The default is for ever, as is a
	// negative time.
	MaxLifetime time.Duration

	// Create makes a resource for the Get that it is called by, and is given the
	// context of that Get, which returns when Create does. What it returns beside
	// an error is dropped. There is no default.
	Create func(ctx context.Context) (T, error)
	// Destroy ends a resource. It may be nil where there is nothing to do.
	Destroy func(T)
	// Healthy is asked before a resource that has been used is handed out. If it
	// says no, the resource is destroyed and Get creates another one in its place.
	// The default is that all are.
	Healthy func(T) bool
	// OnPanic is called when Destroy has panicked on a goroutine where nobody waits
	// for it, and on that goroutine: for a resource that has been idle for too long
	// or become too old while it was idle, or that Close found idle. Without it,
	// the panic is logged through [slog.Default].
	OnPanic func(*weir.Panic)
}

var (
	errMaxOpen = errors.New("syncx: PoolOptions.MaxOpen must be at least 1")
	errCreate  = errors.New("syncx: PoolOptions.Create must be set")
)

// Validate returns what makes the options impossible, nil if nothing does.
func (o PoolOptions[T]) Validate() error {
	switch {
	case o.MaxOpen < 1:
		return errMaxOpen
	case o.Create == nil:
		return errCreate
	}
	return nil
}

func (o PoolOptions[T]) withDefaults() PoolOptions[T] {
	switch {
	case o.MaxIdle == 0 || o.MaxIdle > o.MaxOpen:
		o.MaxIdle = o.MaxOpen
	case o.MaxIdle < 0:
		o.MaxIdle = 0
	}
	o.MaxIdleTime = max(0, o.MaxIdleTime)
	o.MaxLifetime = max(0, o.MaxLifetime)
	return o
}
