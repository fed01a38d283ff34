package threading_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/threading"
)

// A modelTask is one task of a replay, in time since its begin.
type modelTask struct {
	id      int
	length  time.Duration
	ends    time.Duration // when it has begun
	givesUp time.Duration // if it waits for room until then
}

// A taskModel does what a TaskRunner should, event by event.
type taskModel struct {
	workers, queue          int
	running, queued, inLine []modelTask
	begun                   map[int]time.Duration
	stats                   threading.TaskStats
}

func (m *taskModel) hasRoom() bool { return len(m.queued) < m.queue+m.workers-len(m.running) }

// fill moves tasks on as far as they get at an instant.
func (m *taskModel) fill(now time.Duration) {
	for {
		switch {
		case len(m.queued) > 0 && len(m.running) < m.workers:
			task := m.queued[0]
			m.queued = m.queued[1:]
			m.begun[task.id], task.ends = now, now+task.length
			m.running = append(m.running, task)
		case len(m.inLine) > 0 && m.hasRoom():
			m.accept(m.inLine[0])
			m.inLine = m.inLine[1:]
		default:
			return
		}
	}
}

func (m *taskModel) accept(task modelTask) {
	m.queued = append(m.queued, task)
	m.stats.Accepted++
}

// advance plays all that happens by itself until now.
func (m *taskModel) advance(now time.Duration) {
	for {
		var list *[]modelTask
		first, at := 0, now+1
		for i, task := range m.running {
			if task.ends < at {
				list, first, at = &m.running, i, task.ends
			}
		}
		for i, task := range m.inLine {
			if task.givesUp < at {
				list, first, at = &m.inLine, i, task.givesUp
			}
		}
		if list == nil {
			return
		}
		if list == &m.running {
			m.stats.Done++
		}
		*list = append(append([]modelTask{}, (*list)[:first]...), (*list)[first+1:]...)
		m.fill(at)
	}
}

func (m *taskModel) snapshot() threading.TaskStats {
	st := m.stats
	st.Workers, st.Running, st.Queued, st.Waiting = m.workers, len(m.running), len(m.queued), len(m.inLine)
	return st
}

// Nothing ends at the instant of a step, or as somebody gives up: steps are on
// whole microseconds, tasks take an odd number of nanoseconds more each.
func replayTasks(t *testing.T, random *rand.Rand) {
	m := &taskModel{workers: 1 + random.IntN(4), queue: random.IntN(4), begun: map[int]time.Duration{}}
	o := threading.TaskOptions{Workers: m.workers, Queue: m.queue}
	if m.queue == 0 {
		o.Queue = -1
	}
	r := threading.NewTaskRunner(o)
	begin := time.Now()
	begun := make(chan [2]int64, 1000)
	for id := range 200 {
		time.Sleep(time.Duration(random.IntN(2000)) * time.Microsecond)
		synctest.Wait()
		now := time.Since(begin)
		m.advance(now)
		task := modelTask{id: id, length: time.Duration(random.IntN(5000))*time.Microsecond + 1}
		fn := func() {
			begun <- [2]int64{int64(id), int64(time.Since(begin))}
			time.Sleep(task.length)
		}
		if random.IntN(2) == 0 {
			if ok := m.hasRoom() && len(m.inLine) == 0; ok {
				m.accept(task)
				require.True(t, r.TrySchedule(fn))
			} else {
				m.stats.Refused++
				require.False(t, r.TrySchedule(fn))
			}
		} else {
			patience := time.Duration(random.IntN(5000))*time.Microsecond + 500*time.Nanosecond
			task.givesUp = now + patience
			m.inLine = append(m.inLine, task)
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				_ = r.Schedule(ctx, fn)
			}()
		}
		m.fill(now)
		synctest.Wait()
		require.Equal(t, m.snapshot(), r.Stats(), "after step %d", id)
	}
	time.Sleep(time.Hour)
	m.advance(time.Hour)
	require.Equal(t, m.snapshot(), r.Stats())
	got := map[int]time.Duration{}
	for range len(begun) {
		b := <-begun
		got[int(b[0])] = time.Duration(b[1])
	}
	require.Equal(t, m.begun, got)
}

func TestTaskRunnerDoesWhatTheModelDoes(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) { replayTasks(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func FuzzTaskRunner(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		synctest.Test(t, func(t *testing.T) { replayTasks(t, rand.New(rand.NewPCG(seed, 11))) })
	})
}
