package collection_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// A queueStep is what happens at one instant of a replay; the next one follows a
// second later. What waits gives up between two steps, or never.
type queueStep struct {
	op       queueOp
	patience time.Duration // 0 for ever
}

type queueOp byte

const (
	opPut queueOp = iota
	opTake
	opTryPut
	opTryTake
	opClose
)

func queueStepsOf(ops []byte) (steps []queueStep) {
	for _, b := range ops {
		s := queueStep{op: queueOp(b % 4)}
		if b >= 252 {
			s.op = opClose
		}
		if b&4 != 0 {
			s.patience = time.Duration(b>>3%8)*time.Second + time.Second/2
		}
		steps = append(steps, s)
	}
	return steps
}

// A queueAnswer is what became of a step.
type queueAnswer struct {
	value int
	err   error
	at    time.Duration
}

var errTriedInVain = errors.New("full, empty or closed")

// queueWaiter is a step that is not answered yet.
type queueWaiter struct {
	step   int
	leaves time.Duration // 0 for never
}

// modelQueue says what becomes of each step, by the words of Queue's contract.
type modelQueue struct {
	max             int
	values          []int
	takers, putters []queueWaiter
	closed          bool
	answers         map[int]queueAnswer
}

func (m *modelQueue) do(i int, s queueStep) {
	now := time.Duration(i) * time.Second
	m.takers, m.putters = m.dismiss(m.takers, now), m.dismiss(m.putters, now)
	room := m.max == 0 || len(m.values) < m.max
	w := queueWaiter{step: i}
	if s.patience > 0 {
		w.leaves = now + s.patience
	}
	switch s.op {
	case opPut, opTryPut:
		switch {
		case !m.closed && room:
			m.values = append(m.values, i)
			m.answers[i] = queueAnswer{at: now}
		case s.op == opTryPut:
			m.answers[i] = queueAnswer{err: errTriedInVain, at: now}
		case m.closed:
			m.answers[i] = queueAnswer{err: collection.ErrClosed, at: now}
		default:
			m.putters = append(m.putters, w)
		}
	case opTake, opTryTake:
		switch {
		case len(m.values) > 0:
			m.takers = append(m.takers, w)
		case s.op == opTryTake:
			m.answers[i] = queueAnswer{err: errTriedInVain, at: now}
		case m.closed:
			m.answers[i] = queueAnswer{err: collection.ErrClosed, at: now}
		default:
			m.takers = append(m.takers, w)
		}
	case opClose:
		m.closed = true
		for _, w := range slices.Concat(m.takers, m.putters) {
			m.answers[w.step] = queueAnswer{err: collection.ErrClosed, at: now}
		}
		m.takers, m.putters = nil, nil
	}
	m.settle(now)
}

// dismiss answers those who have left by now.
func (m *modelQueue) dismiss(ws []queueWaiter, now time.Duration) (rest []queueWaiter) {
	for _, w := range ws {
		if w.leaves > 0 && w.leaves < now {
			m.answers[w.step] = queueAnswer{err: context.DeadlineExceeded, at: w.leaves}
		} else {
			rest = append(rest, w)
		}
	}
	return rest
}

// settle brings together who can be.
func (m *modelQueue) settle(now time.Duration) {
	for len(m.takers) > 0 && len(m.values) > 0 {
		m.answers[m.takers[0].step] = queueAnswer{value: m.values[0], at: now}
		m.takers, m.values = m.takers[1:], m.values[1:]
	}
	for len(m.putters) > 0 && len(m.values) < m.max {
		m.answers[m.putters[0].step] = queueAnswer{at: now}
		m.values = append(m.values, m.putters[0].step)
		m.putters = m.putters[1:]
	}
}

func replayQueue(t *testing.T, limit int, steps []queueStep) {
	q := collection.NewQueue[int](collection.QueueOptions{Max: limit})
	model := &modelQueue{max: limit, answers: map[int]queueAnswer{}}
	type numbered struct {
		step   int
		answer queueAnswer
	}
	answers := make(chan numbered, len(steps))
	ctx, cancel := context.WithCancel(t.Context())
	start := time.Now()
	for i, s := range steps {
		if s.op == opClose {
			q.Close()
		} else {
			go func() {
				a := doQueueStep(ctx, q, i, s)
				a.at = time.Since(start)
				answers <- numbered{i, a}
			}()
		}
		synctest.Wait()
		model.do(i, s)
		require.Equal(t, len(model.values), q.Len())
		time.Sleep(time.Second)
	}
	time.Sleep(time.Minute)
	synctest.Wait()
	model.dismissAll()
	require.Len(t, answers, len(model.answers))
	for range len(model.answers) {
		a := <-answers
		require.Equal(t, model.answers[a.step], a.answer, "step %d", a.step)
	}
	cancel()
	requireTakes(t, q, model.values...)
}

func (m *modelQueue) dismissAll() {
	const never = 1 << 62
	m.takers, m.putters = m.dismiss(m.takers, never), m.dismiss(m.putters, never)
}

func doQueueStep(ctx context.Context, q *collection.Queue[int], i int, s queueStep) (a queueAnswer) {
	if s.patience > 0 {
		limited, cancel := context.WithTimeout(ctx, s.patience)
		defer cancel()
		ctx = limited
	}
	ok := true
	switch s.op {
	case opPut:
		a.err = q.Put(ctx, i)
	case opTake:
		a.value, a.err = q.Take(ctx)
	case opTryPut:
		ok = q.TryPut(i)
	case opTryTake:
		a.value, ok = q.TryTake()
	}
	if !ok {
		a.err = errTriedInVain
	}
	return a
}

func TestQueueAgreesWithItsModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 300 {
		ops := make([]byte, 1+rng.IntN(120))
		for i := range ops {
			ops[i] = byte(rng.IntN(253)) // closing is rare
		}
		synctest.Test(t, func(t *testing.T) { replayQueue(t, round%5, queueStepsOf(ops)) })
	}
}

func FuzzQueueAgreesWithItsModel(f *testing.F) {
	f.Add(uint8(0), []byte{0, 0, 1, 1, 1, 0})
	f.Add(uint8(1), []byte{0, 0, 0, 4, 12, 1, 1, 1, 1, 2, 3})
	f.Add(uint8(2), []byte{5, 13, 1, 1, 0, 0, 0, 0, 0, 0, 252, 1, 1, 1, 1})
	f.Add(uint8(3), []byte{0, 2, 0, 4, 0, 0, 252, 0, 2, 3, 1, 3, 3, 1})
	f.Fuzz(func(t *testing.T, limit uint8, ops []byte) {
		ops = ops[:min(len(ops), 300)]
		synctest.Test(t, func(t *testing.T) { replayQueue(t, int(limit%8), queueStepsOf(ops)) })
	})
}
