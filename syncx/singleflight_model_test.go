package syncx_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

// A step is what happens at one instant of a replay, one second after the other:
// somebody asks for a key, or has it forgotten.
type step struct {
	key      int
	forget   bool
	patience time.Duration // 0 for ever
	duration time.Duration // of the load, should this caller begin one
}

// Nothing ends at the instant at which something else begins, or somebody leaves.
const (
	endsAt   = 300 * time.Millisecond
	leavesAt = 700 * time.Millisecond
)

func stepsOf(ops []byte) (steps []step) {
	for ; len(ops) >= 2; ops = ops[2:] {
		s := step{key: int(ops[0] % 3), forget: ops[0]%16 == 15, duration: time.Duration(ops[1]%16)*time.Second + endsAt}
		if ops[0]&64 != 0 {
			s.patience = time.Duration(ops[1]/16)*time.Second + leavesAt
		}
		steps = append(steps, s)
	}
	return steps
}

// An answer is what a caller gets: the load's number, which is that of the step
// that began it, or -1 if the caller left.
type answer struct {
	load  int
	fresh bool
	at    time.Duration
}

// A modelLoad is known from start to end, as all steps are known beforehand.
type modelLoad struct {
	begunBy int
	ends    time.Duration
	callers []int
	inline  bool
}

// goneBy is when the last of the callers known so far has left; ok is false if
// that does not happen before the load ends.
func (l *modelLoad) goneBy(steps []step) (gone time.Duration, ok bool) {
	if l.inline {
		return 0, false
	}
	for _, i := range l.callers {
		if steps[i].patience == 0 {
			return 0, false
		}
		gone = max(gone, time.Duration(i)*time.Second+steps[i].patience)
	}
	return gone, gone < l.ends
}

// predict says what each step comes to, by the words of SingleFlight's contract.
func predict(steps []step) map[int]answer {
	loads, current := []*modelLoad{}, map[int]*modelLoad{}
	for i, s := range steps {
		now := time.Duration(i) * time.Second
		if l := current[s.key]; l != nil {
			if gone, ok := l.goneBy(steps); l.ends < now || ok && gone < now {
				delete(current, s.key)
			}
		}
		switch l := current[s.key]; {
		case s.forget:
			delete(current, s.key)
		case l != nil:
			l.callers = append(l.callers, i)
		default:
			current[s.key] = &modelLoad{begunBy: i, ends: now + s.duration, callers: []int{i}, inline: s.patience == 0}
			loads = append(loads, current[s.key])
		}
	}
	want := map[int]answer{}
	for _, l := range loads {
		for _, i := range l.callers {
			leaves := time.Duration(i)*time.Second + steps[i].patience
			if steps[i].patience > 0 && leaves < l.ends {
				want[i] = answer{load: -1, at: leaves}
			} else {
				want[i] = answer{load: l.begunBy, fresh: i == l.begunBy, at: l.ends}
			}
		}
	}
	return want
}

// replay does the steps, and checks that each comes to what predict says.
func replay(t *testing.T, steps []step) {
	var s syncx.SingleFlight[int, int]
	var mu sync.Mutex
	got := map[int]answer{}
	start := time.Now()
	for i, st := range steps {
		if st.forget {
			s.Forget(st.key)
		} else {
			go func() {
				a := ask(&s, i, st)
				a.at = time.Since(start)
				mu.Lock()
				defer mu.Unlock()
				got[i] = a
			}()
		}
		time.Sleep(time.Second)
	}
	time.Sleep(time.Minute)
	synctest.Wait()
	require.Equal(t, predict(steps), got)
	require.True(t, s.Idle())
}

func ask(s *syncx.SingleFlight[int, int], i int, st step) answer {
	ctx := context.Background()
	if st.patience > 0 {
		limited, cancel := context.WithTimeout(ctx, st.patience)
		defer cancel()
		ctx = limited
	}
	v, fresh, err := s.DoEx(ctx, st.key, after(st.duration, i, nil))
	if err != nil {
		return answer{load: -1, fresh: fresh}
	}
	return answer{load: v, fresh: fresh}
}

func TestSingleFlightAgreesWithItsModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 * stress {
		ops := make([]byte, 2*(1+rng.IntN(60)))
		for i := range ops {
			ops[i] = byte(rng.Uint32())
		}
		synctest.Test(t, func(t *testing.T) { replay(t, stepsOf(ops)) })
	}
}

func FuzzSingleFlightAgreesWithItsModel(f *testing.F) {
	f.Add([]byte{0, 5, 0, 5, 0, 5})
	f.Add([]byte{64, 0x15, 64, 0x25, 64, 0x05, 0, 1})
	f.Add([]byte{64, 0x1f, 64, 0x0f, 1, 0, 64, 0x03, 0, 9})
	f.Add([]byte{0, 15, 64, 0x15, 15, 0, 0, 1, 64, 0x85})
	f.Fuzz(func(t *testing.T, ops []byte) {
		ops = ops[:min(len(ops), 400)]
		synctest.Test(t, func(t *testing.T) { replay(t, stepsOf(ops)) })
	})
}
