package executors

// A box is where items gather until they are a batch. Its methods are never called
// at the same time.
type box[T, B any] interface {
	put(v T) (full bool)
	// take empties the box. It may use what is left of a batch that is settled.
	take(used B) B
	// wipe makes a batch that was handled ready to be used again.
	wipe(batch B) B
}

// A sliceBox gathers items in a slice. When that is full its engine knows by itself.
type sliceBox[T any] struct {
	items []T
	keep  bool // batches belong to the handler, which may keep them
}

func (b *sliceBox[T]) put(v T) bool {
	b.items = append(b.items, v)
	return false
}

func (b *sliceBox[T]) take(used []T) []T {
	batch := b.items
	b.items = used
	return batch
}

func (b *sliceBox[T]) wipe(batch []T) []T {
	if b.keep {
		return nil
	}
	clear(batch) // lest it holds on to what its items point to
	return batch[:0]
}
