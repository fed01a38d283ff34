package cache_test

import "container/list"

// An lru is what the cache must do better than.
type lru struct {
	most, hits int
	order      *list.List
	at         map[int]*list.Element
}

func newLRU(most int) *lru { return &lru{most: most, order: list.New(), at: map[int]*list.Element{}} }

func (l *lru) use(key int) {
	if e := l.at[key]; e != nil {
		l.hits++
		l.order.MoveToFront(e)
		return
	}
	l.at[key] = l.order.PushFront(key)
	if len(l.at) > l.most {
		delete(l.at, l.order.Remove(l.order.Back()).(int))
	}
}
