package executors_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/executors"
)

// A model says, in the plainest way, what a Chunk with one worker does and when. Things
// never happen at the same moment in it: items come at whole milliseconds, are due a
// microsecond off those, and each call of the handler takes a nanosecond more than whole
// milliseconds. Nor can it be full.
type model struct {
	bytes    int
	interval time.Duration
	lasts    func(batch int) time.Duration

	now      time.Duration
	box      []int
	weight   int
	due      time.Duration
	ripe     bool
	queue    [][]int
	freeAt   time.Duration // of the worker
	busy     bool
	expected []batch
}

// start has the worker begin something, if it is free and there is something.
func (m *model) start() {
	if m.busy {
		return
	}
	if len(m.queue) == 0 {
		if len(m.box) == 0 || !m.ripe {
			return
		}
		m.closeBox()
	}
	m.expected = append(m.expected, batch{m.now, m.queue[0]})
	m.queue = m.queue[1:]
	m.busy, m.freeAt = true, m.now+m.lasts(len(m.expected))
}

func (m *model) closeBox() {
	m.queue = append(m.queue, m.box)
	m.box, m.weight, m.ripe = nil, 0, false
}

func (m *model) add(v int) {
	weight := max(1, v)
	if len(m.box) > 0 && m.weight+weight > m.bytes {
		m.closeBox()
	}
	if len(m.box) == 0 {
		m.due = m.now + m.interval
	}
	m.box = append(m.box, v)
	m.weight += weight
	if m.weight >= m.bytes {
		m.closeBox()
	}
	m.start()
}

// flush makes the box due.
func (m *model) flush() {
	m.ripe = len(m.box) > 0
	m.start()
}

// idle reports whether everything is settled.
func (m *model) idle() bool { return !m.busy && len(m.queue) == 0 && len(m.box) == 0 }

// step goes to the next event up to the moment end, and reports whether there was one.
func (m *model) step(end time.Duration) bool {
	waits := m.interval >= 0 && len(m.box) > 0 && !m.ripe
	switch {
	case m.busy && m.freeAt <= end && (!waits || m.freeAt < m.due):
		m.now, m.busy = m.freeAt, false
	case waits && m.due <= end:
		m.now, m.ripe = m.due, true
	default:
		return false
	}
	m.start()
	return true
}

func (m *model) pass(until time.Duration) {
	for m.step(until) {
	}
	m.now = until
}

// follow has an executor and its model do what the script says, and compares what came
// of it to the nanosecond.
func follow(t *testing.T, script []byte) {
	if len(script) < 3 {
		return
	}
	const ms = time.Millisecond
	longest := time.Duration(script[2]%16) * ms
	m := &model{
		bytes:    1 + int(script[0]%12),
		interval: time.Duration(script[1]%20)*ms + time.Microsecond,
		lasts:    func(n int) time.Duration { return time.Duration(n*7919) % (longest/ms + 1) * ms },
	}
	if script[1] >= 240 {
		m.interval = -1
	}
	whole := m.lasts
	m.lasts = func(n int) time.Duration { return whole(n) + time.Nanosecond }

	bubble(t, func(t *testing.T) {
		l := newLog()
		c := executors.NewChunk(executors.ChunkOptions[int]{Bytes: m.bytes, Interval: m.interval, MaxPendingBytes: 1 << 20, SizeOf: size,
			Handle: func(_ context.Context, items []int) error {
				l.add(items)
				time.Sleep(m.lasts(len(l.batches())))
				return nil
			}})
		for _, op := range script[3:] {
			switch n := int(op >> 2); op & 3 {
			case 0, 1:
				m.add(n)
				require.NoError(t, c.Add(background(), n))
			case 2:
				m.pass(m.now + time.Duration(n%32)*ms)
				time.Sleep(m.now - time.Since(l.start))
			case 3:
				m.flush()
				go func() { _ = c.Flush(background()) }()
			}
			synctest.Wait()
		}
		m.flush()
		require.NoError(t, c.Close(background()))
		for !m.idle() {
			require.True(t, m.step(1<<62))
		}
		require.Equal(t, m.expected, l.batches())
		require.Equal(t, m.now, time.Since(l.start), "Close returns when the last batch is settled")
	})
}

func FuzzChunkDoesWhatItsModelSays(f *testing.F) {
	f.Add([]byte{9, 5, 3, 4, 8, 12, 2 + 4*3, 4, 3, 2 + 4*20, 0, 0})
	f.Add([]byte{0, 255, 15, 4, 4, 4, 4, 3, 2 + 4*31})
	f.Fuzz(func(t *testing.T, script []byte) {
		// The nanoseconds of more batches would add up to the microsecond of the timer.
		follow(t, script[:min(len(script), 200)])
	})
}

func TestChunkDoesWhatItsModelSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		script := make([]byte, 3+r.IntN(100))
		for i := range script {
			script[i] = byte(r.IntN(256))
		}
		follow(t, script)
	}
}
