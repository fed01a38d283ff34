package balance

// lots draw nodes in proportion to their weights, at the same cost for any number
// of them: the alias method (Walker, 1977, set up as by Vose, 1991). Lot i is node
// i with some probability, and another one else.
type lots struct {
	own   []float64 // the probability
	other []int
}

// newLots returns nil if all weights are equal.
func newLots(nodes []weighted) *lots {
	l := &lots{own: make([]float64, len(nodes)), other: make([]int, len(nodes))}
	var less, more []int
	equal := true
	for i, n := range nodes {
		l.own[i], l.other[i] = n.weight, i
		equal = equal && n.whole == nodes[0].whole
		if n.weight < 1 {
			less = append(less, i)
		} else {
			more = append(more, i)
		}
	}
	if equal {
		return nil
	}
	for len(less) > 0 && len(more) > 0 {
		i, j := less[len(less)-1], more[len(more)-1]
		less = less[:len(less)-1]
		l.other[i] = j
		if l.own[j] -= 1 - l.own[i]; l.own[j] < 1 {
			less, more = append(less, j), more[:len(more)-1]
		}
	}
	// What is left is 1 but for rounding, and is its own other.
	return l
}

func (l *lots) draw(d *dice) int {
	i := d.below(len(l.own))
	if d.unit() < l.own[i] {
		return i
	}
	return l.other[i]
}
