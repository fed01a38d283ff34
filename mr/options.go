package mr

import (
	"errors"

	"github.com/weirgo/weir"
)

// DefaultWorkers is what Options.Workers is where it is zero. It is meant for
// functions that wait for something else, such as a query or a remote call; what
// only computes gains nothing from more workers than processors, and loses little.
const DefaultWorkers = 16

var errWorkers = errors.New("mr: Options.Workers is negative")

// Options say how to run. The zero value is what most want.
type Options struct {
	// Workers is how many goroutines call the function for items, at most. They
	// are started as items come that no other takes, so a high number costs
	// nothing by itself. Zero is DefaultWorkers. With one worker, items are taken,
	// and their results come, in the order of the source.
	Workers int

	// CollectErrors makes an error of one item stop nothing. What failed is
	// returned at the end, together (see errors.Join), in the order of the items.
	// Each error is kept until then: an endless source that always fails fills the
	// memory.
	CollectErrors bool

	// OnPanic is called with each panic that cannot be raised again in the caller:
	// every one but the first, and one of a source that is left behind (see the
	// package comment). It is called on the goroutine that panicked. Without it,
	// such a panic is logged once through slog.Default.
	OnPanic func(*weir.Panic)
}

// Validate says what is wrong with the options. Functions that take options panic
// with it.
func (o Options) Validate() error {
	if o.Workers < 0 {
		return errWorkers
	}
	return nil
}

// workers panics where that is impossible.
func (o Options) workers() int {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	if o.Workers == 0 {
		return DefaultWorkers
	}
	return o.Workers
}
