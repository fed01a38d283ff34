package executors

import (
	"context"
	"time"

	"github.com/weirgo/weir"
)

// ChunkOptions are the options of a [Chunk]. Handle and SizeOf must be set. What has no
// comment is as in [BulkOptions].
type ChunkOptions[T any] struct {
	Name   string
	Handle func(ctx context.Context, chunk []T) error

	// SizeOf returns how many bytes an item has. It is called once by each Add, on the
	// goroutine of its caller; so is a panic of it the caller's. Add panics if the
	// size is negative. Every item counts as one byte at least.
	SizeOf func(v T) int

	// Bytes is how many bytes a chunk has at most. 0 means 1 MiB. A chunk is full when
	// it has so many, or an item would exceed them. One larger than that is a chunk of
	// its own.
	Bytes int

	Interval time.Duration

	// MaxPendingBytes is how many bytes may be accepted and not settled, those in
	// Handle included. Beyond that Add waits; an item that is larger than that, until
	// nothing is pending. 0 means 10 x Bytes for each worker.
	MaxPendingBytes int

	Workers     int
	FailFast    bool
	KeepBatches bool
	Retry       Retry
	OnError     func(chunk []T, err error)
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o ChunkOptions[T]) Validate() error {
	switch {
	case o.Handle == nil:
		return errHandle
	case o.SizeOf == nil:
		return errSizeOf
	case o.Bytes < 0:
		return errBytes
	}
	return o.settings().validate()
}

func (o ChunkOptions[T]) settings() settings {
	return settings{o.Name, o.Bytes, o.Interval, o.MaxPendingBytes, o.Workers, o.FailFast, o.Retry}
}

// A Chunk gathers items and has them handled by so many bytes at a time, or after so
// long. In all else it is like a [Bulk].
//
// It is made by [NewChunk]; the zero value does not work. It must not be copied.
type Chunk[T any] struct {
	e      *engine[T, []T]
	sizeOf func(T) int
}

// NewChunk returns an idle executor. It panics if o is impossible; see Validate.
func NewChunk[T any](o ChunkOptions[T]) *Chunk[T] {
	must(o.Validate())
	return &Chunk[T]{newEngine(o.settings().withDefaults(defaultBytes),
		&sliceBox[T]{keep: o.KeepBatches}, o.Handle, o.OnError), o.SizeOf}
}

// Add hands over v; see [Bulk.Add].
func (c *Chunk[T]) Add(ctx context.Context, v T) error {
	size := c.sizeOf(v)
	if size < 0 {
		panic("executors: SizeOf returned a negative size")
	}
	return c.e.add(ctx, v, max(1, size))
}

// Flush has everything handled whose Add has returned; see [Bulk.Flush].
func (c *Chunk[T]) Flush(ctx context.Context) error { return c.e.flush(ctx) }

// Close has everything handled and refuses further items; see [Bulk.Close].
func (c *Chunk[T]) Close(ctx context.Context) error { return c.e.close(ctx) }

// Stats returns a snapshot, all of one moment.
func (c *Chunk[T]) Stats() Stats { return c.e.stats() }

// Metrics implements [weir.Source].
func (c *Chunk[T]) Metrics(yield func(weir.Metric) bool) { c.e.metrics(yield) }
