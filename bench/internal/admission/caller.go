package admission

// A caller has calls in flight. It ends the oldest first.
type caller[P any] struct {
	calls int // so far
	held  []P // a ring; its length is a power of two
	first int // index of the oldest
	count int
	most  int // that count has been
}

func (c *caller[P]) hold(p P) {
	if c.count == len(c.held) {
		c.grow()
	}
	c.held[(c.first+c.count)&(len(c.held)-1)] = p
	c.count++
}

func (c *caller[P]) grow() {
	held := make([]P, max(16, 2*len(c.held)))
	n := copy(held, c.held[c.first:])
	copy(held[n:], c.held[:c.first])
	c.held, c.first = held, 0
}

func (c *caller[P]) oldest() P {
	p := c.held[c.first]
	c.first = (c.first + 1) & (len(c.held) - 1)
	c.count--
	return p
}
