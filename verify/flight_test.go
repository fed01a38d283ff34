package verify_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

var errLoad = errors.New("cannot load")

// A flightLoad is one call of the function that loads. Zero times have not come.
type flightLoad struct {
	key, id byte
	fails   bool
	left    bool  // its context has ended, and so nobody waited for it any more
	called  int64 // when the Do began that brought the function
	began   int64
	ended   int64
	got     int64 // when the first caller had the result
}

// A tower sees all loads of a history. They may outlast their callers.
type tower struct {
	*history
	flight syncx.SingleFlight[byte, byte]

	mu    sync.Mutex // guards loads
	loads []*flightLoad
}

func (w *tower) begin(l flightLoad) *flightLoad {
	w.mu.Lock()
	defer w.mu.Unlock()
	l.id, l.began = byte(len(w.loads)+1), w.now()
	w.loads = append(w.loads, &l)
	return &l
}

func (w *tower) end(ctx context.Context, l *flightLoad) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l.left = ctx.Err() != nil
	l.ended = w.now()
}

// arrive takes down that a call has the result of a load.
func (w *tower) arrive(id byte, end int64) (l flightLoad) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id == 0 || int(id) > len(w.loads) {
		return l
	}
	found := w.loads[id-1]
	if found.got == 0 || found.got > end {
		found.got = end
	}
	return *found
}

// land adds what became of the loads to the history. A load whose result nobody
// has was given up at some time; otherwise it began before its function did, and
// ended after that and before anybody had the result.
func (w *tower) land() {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.now()
	for _, l := range w.loads {
		endsAfter, endsBefore := l.ended, l.got
		if l.got == 0 {
			endsAfter, endsBefore = l.called, last
		}
		w.record(pilots, flightStep{"begins", l.key, l.id}, l.called, nothing, l.began)
		w.record(pilots, flightStep{"ends", l.key, l.id}, endsAfter, nothing, endsBefore)
	}
}

const pilots = 6

var nothing struct{} // comes of a step

// ask calls DoEx with a function that notes when it runs.
func (w *tower) ask(ctx context.Context, c *client, key byte) {
	takes := c.rng.IntN(8)
	wanted := flightLoad{key: key, fails: c.oneIn(6), called: c.now()}
	id, fresh, err := w.flight.DoEx(ctx, key, func(ctx context.Context) (byte, error) {
		l := w.begin(wanted)
		defer w.end(ctx, l)
		yield(takes)
		if l.fails {
			return l.id, errLoad
		}
		return l.id, nil
	})
	end := c.now()
	if gaveUp(err) {
		return
	}
	l := w.arrive(id, end)
	if l.fails != errors.Is(err, errLoad) || !l.fails && err != nil {
		c.fault("load %d returned another error than %v", id, err)
	}
	if l.left {
		c.fault("load %d had a caller, and its context had ended", id)
	}
	if fresh != (l.called == wanted.called) {
		c.fault("is load %d that of the call at %d? %t is wrong", id, wanted.called, fresh)
	}
	c.record(c.id, flightStep{"joins", key, id}, wanted.called, nothing, end)
}

// asks returns contexts as patience does, and one that can never be done, too:
// with that, the caller's own goroutine loads.
func asks(c *client) (context.Context, context.CancelFunc) {
	if c.oneIn(3) {
		return context.Background(), func() {}
	}
	return c.patience()
}

func TestEveryResultOfASingleFlightIsOfTheOneLoadOfItsKeyAtSomeTimeDuringTheCall(t *testing.T) {
	verify(t, func(h *history) porcupine.Model {
		w, keys := &tower{history: h}, 1+h.rng.IntN(2)
		h.together(pilots, func(c *client) {
			for range 10 {
				key := byte(c.rng.IntN(keys))
				if c.oneIn(10) {
					do(c, flightStep{call: "Forget", key: key}, func() struct{} { w.flight.Forget(key); return nothing })
				} else {
					ctx, cancel := asks(c)
					w.ask(ctx, c, key)
					cancel()
				}
				c.pause()
			}
		})
		w.land()
		return flightModel()
	})
}

// A flightStep is part of a call of DoEx, or a call of Forget.
type flightStep struct {
	call string
	key  byte
	load byte
}

// flightState is about one key: which load is joined by who asks for it, 0 if
// there is none, and which ones were forgotten and have not ended.
type flightState struct {
	load      byte
	forgotten string
}

// flightModel is a SingleFlight. Each key stands for itself.
func flightModel() porcupine.Model {
	m := modelOf(func(s flightState, in flightStep, _ struct{}) (bool, flightState) { return s.step(in) })
	m.Partition = func(ops []porcupine.Operation) (parts [][]porcupine.Operation) {
		byKey := map[byte][]porcupine.Operation{}
		for _, op := range ops {
			key := op.Input.(flightStep).key
			byKey[key] = append(byKey[key], op)
		}
		for _, part := range byKey {
			parts = append(parts, part)
		}
		return parts
	}
	return m
}

func (s flightState) step(in flightStep) (bool, flightState) {
	switch {
	case in.call == "begins":
		return s.load == 0, flightState{in.load, s.forgotten}
	case in.call == "joins":
		return s.load == in.load, s
	case in.call == "Forget" && s.load == 0:
		return true, s
	case in.call == "Forget":
		return true, flightState{0, s.forgotten + string([]byte{s.load})}
	case s.load == in.load: // ends
		return true, flightState{0, s.forgotten}
	}
	for i := range len(s.forgotten) {
		if s.forgotten[i] == in.load {
			return true, flightState{s.load, s.forgotten[:i] + s.forgotten[i+1:]}
		}
	}
	return false, s
}

func TestTheModelOfASingleFlightRefusesWhatASingleFlightMustNotDo(t *testing.T) {
	step := func(call string, load byte) [2]any { return [2]any{flightStep{call, 0, load}, nothing} }
	for name, ops := range map[string][]porcupine.Operation{
		"loads twice at a time":   inSequence(step("begins", 1), step("begins", 2)),
		"joins what has ended":    inSequence(step("begins", 1), step("ends", 1), step("joins", 1)),
		"joins what is to come":   inSequence(step("joins", 1), step("begins", 1)),
		"joins what is forgotten": inSequence(step("begins", 1), step("Forget", 0), step("joins", 1)),
	} {
		require.False(t, porcupine.CheckOperations(flightModel(), ops), name)
	}
}
