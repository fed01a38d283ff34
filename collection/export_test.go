package collection

// A HeldAdd is an Add that a test can stop between any two of its steps, as the
// scheduler might.
type HeldAdd[T Number] struct {
	w            *RollingWindow[T]
	v            T
	epoch, place uint64
	seen, cells  *cells
}

// HoldAdd begins an Add of v, up to the reading of the clock.
func (w *RollingWindow[T]) HoldAdd(v T) *HeldAdd[T] {
	h := &HeldAdd[T]{w: w, v: v}
	h.epoch, h.place = w.grid.now()
	return h
}

func (h *HeldAdd[T]) Epoch() uint64 { return h.epoch }

// Look is the look at the tags that comes before anything is done about them.
func (h *HeldAdd[T]) Look() {
	for i := range h.w.slots[h.place].sets {
		if c := &h.w.slots[h.place].sets[i]; c.tag() == tagOf(h.epoch, live) {
			h.seen = c
		}
	}
}

// Turn is what follows a look that found only older epochs, however long ago.
func (h *HeldAdd[T]) Turn() { h.w.slots[h.place].turn(h.epoch) }

// Enter goes on from the last Look, and reports whether the bucket is still there.
func (h *HeldAdd[T]) Enter() bool {
	if h.seen != nil && h.seen.join(tagOf(h.epoch, live)) {
		h.cells = h.seen
		return true
	}
	h.cells = h.w.slots[h.place].enter(h.epoch)
	return h.cells != nil
}

func (h *HeldAdd[T]) Put()    { h.cells.put(encode(h.v), isFloat[T]()) }
func (h *HeldAdd[T]) Leave()  { h.cells.leave() }
func (h *HeldAdd[T]) Finish() { h.w.past.left(h.epoch) }

// A HeldSum is the adding up of the finished buckets, stopped in the same way.
type HeldSum[T Number] struct {
	w           *RollingWindow[T]
	epoch, late uint64
	age         uint64
	sum         tally
	seen        []*cells // the sets to read next, which had the right tag
	saving      bool
}

// HoldSum begins to add up the finished buckets of the current epoch.
func (w *RollingWindow[T]) HoldSum() *HeldSum[T] {
	epoch, _ := w.grid.now()
	return &HeldSum[T]{w: w, epoch: epoch, late: w.past.begin(epoch), age: uint64(len(w.slots))}
}

// Step reads what it saw in its last step, and looks for more. With nothing more
// it keeps the sum, in two steps, and is false after the last.
func (h *HeldSum[T]) Step() bool {
	for _, c := range h.seen {
		h.sum = h.sum.merge(c.read(tagOf(h.epoch-h.age, live)), isFloat[T]())
	}
	h.seen = nil
	if h.age > 1 {
		h.age--
		for i := range h.w.slot(h.epoch - h.age).sets {
			c := &h.w.slot(h.epoch - h.age).sets[i]
			if h.age < h.epoch && c.tag() == tagOf(h.epoch-h.age, live) {
				h.seen = append(h.seen, c)
			}
		}
		return true
	}
	return h.save()
}

// Count is the number of values in the buckets read so far.
func (h *HeldSum[T]) Count() int64 { return int64(h.sum.count) }

// save is past.save, stopped half-way.
func (h *HeldSum[T]) save() bool {
	p := &h.w.past
	if h.saving {
		p.sum.Store(h.sum.sum)
		p.low.Store(h.sum.low)
		p.high.Store(h.sum.high)
		p.version.Add(1)
		return false
	}
	if v := p.version.Load(); v&1 != 0 || !p.version.CompareAndSwap(v, v+1) {
		return false
	}
	p.epoch.Store(h.epoch)
	p.lateAt.Store(h.late)
	p.count.Store(h.sum.count)
	h.saving = true
	return true
}

// Tags returns the tags of all cells, each of which may only grow.
func (w *RollingWindow[T]) Tags() (tags []uint64) {
	for i := range w.slots {
		for j := range w.slots[i].sets {
			tags = append(tags, w.slots[i].sets[j].tag())
		}
	}
	return tags
}

// AtRest reports whether no cells have a writer in them, and whether those that
// are clean are empty.
func (w *RollingWindow[T]) AtRest() bool {
	for i := range w.slots {
		for j := range w.slots[i].sets {
			c := &w.slots[i].sets[j]
			g, n := c.gate.Load(), c.count.Load()
			if g&^tagMask != n<<startedShift {
				return false
			}
			if g&phaseMask == clean && n|c.sum.Load()|c.low.Load()|c.high.Load() != 0 {
				return false
			}
		}
	}
	return true
}
