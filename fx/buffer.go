package fx

import "sync/atomic"

// Buffer returns a stream of the same items, which a goroutine of its own takes
// from the source, up to n items ahead of the loop (and one more that it holds in
// its hands); n may be 0 to 1048576. So source and loop work at the same time, at the cost of some 100 ns
// per item.
//
// The goroutine ends with the source. Whoever breaks out of the loop stops it: the
// source ends when it next yields, for which the break waits a millisecond at most.
// A panic of the source is raised again, as a [*weir.Panic], in the goroutine that
// ranges, after the items that came before it or with the break; one that comes
// later still is logged.
func (s Stream[T]) Buffer(n int) Stream[T] {
	if s == nil || n < 0 || n > maxBuffer {
		panic("fx: Buffer needs a stream and a size of 0 to 1048576")
	}
	return func(yield func(T) bool) { runApart(yield, n, []Stream[T]{s}) }
}

// maxBuffer is a million: the room is there from the start.
const maxBuffer = 1 << 20

// Merge returns a stream of the items of all streams as they come. Each stream has
// a goroutine of its own, for which holds what [Stream.Buffer] says, and its items
// keep their order. [Stream.Concat] takes one stream after the other.
func Merge[T any](streams ...Stream[T]) Stream[T] {
	for _, s := range streams {
		s.must()
	}
	return func(yield func(T) bool) { runApart(yield, 0, streams) }
}

// runApart runs each source in a goroutine of its own and yields what they have.
func runApart[T any](yield func(T) bool, ahead int, sources []Stream[T]) {
	if len(sources) == 0 {
		return
	}
	b := belt[T]{
		parcels: make(chan parcel[T], ahead),
		stop:    make(chan struct{}),
		ended:   make(chan struct{}),
		ledger:  ledger{where: "fx: panic in a source that nobody ranges over any more"},
	}
	b.running.Store(int64(len(sources)))
	for _, s := range sources {
		go b.load(s)
	}
	b.unload(yield, len(sources))
}

// A belt carries items from the goroutines of sources to the one that ranges.
type belt[T any] struct {
	parcels chan parcel[T]
	stop    chan struct{} // closed when nobody takes parcels any more
	running atomic.Int64  // sources
	ended   chan struct{} // closed when none is running
	ledger  ledger
}

// A parcel is an item, or the news that a source has ended, and how.
type parcel[T any] struct {
	item T
	last bool
	fine bool // the source returned
}

func (b *belt[T]) load(s Stream[T]) {
	finish(func() {
		for v := range s {
			if !b.send(parcel[T]{item: v}) {
				return
			}
		}
	}, func(e ending) {
		// Before the news: who gets that, or closes the ledger, finds it.
		b.ledger.note(e)
		b.send(parcel[T]{last: true, fine: e.returned()})
		if b.running.Add(-1) == 0 {
			close(b.ended)
		}
	})
}

// send is false if nobody takes parcels any more.
func (b *belt[T]) send(p parcel[T]) bool {
	select {
	case <-b.stop: // first, lest chance fill what room there still is
		return false
	default:
	}
	select {
	case b.parcels <- p:
		return true
	case <-b.stop:
		return false
	}
}

func (b *belt[T]) unload(yield func(T) bool, sources int) {
	returns := false
	defer func() {
		close(b.stop)
		withinGrace(b.ended)
		b.ledger.settle(returns)
	}()
	for sources > 0 {
		p := <-b.parcels
		switch {
		case !p.last:
			if !yield(p.item) {
				returns = true
				return
			}
		case !p.fine:
			returns = true
			return
		default:
			sources--
		}
	}
	returns = true
}
