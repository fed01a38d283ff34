package verify_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

const (
	forEver = time.Minute // after which a call that waits is taken for lost

	shortRun = 2000 // histories of one test
	longRun  = 100 * shortRun
)

// A history is what some clients do to one object. Each begin and end of a call
// has a time of its own, from a counter: so their order is known exactly.
type history struct {
	ctx   context.Context // outlasts whatever a call may wait for
	seed  uint64
	rng   *rand.Rand // for the choices that are made before the clients start
	clock atomic.Int64

	mu      sync.Mutex // guards what follows
	ops     []porcupine.Operation
	strange []string // what is wrong whatever the order
}

// verify plays many histories and has each of them checked against its model.
func verify(t *testing.T, play func(h *history) porcupine.Model) {
	t.Helper()
	histories := shortRun
	if os.Getenv("WEIR_VERIFY") == "long" {
		histories = longRun
	}
	seed := firstSeed(t)
	for i := range histories {
		if !verifyOne(t, seed+uint64(i), play) {
			return
		}
	}
}

func firstSeed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("WEIR_VERIFY_SEED")
	if text == "" {
		return rand.Uint64() >> 1
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, "WEIR_VERIFY_SEED")
	return seed
}

func verifyOne(t *testing.T, seed uint64, play func(h *history) porcupine.Model) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), forEver)
	defer cancel()
	h := &history{ctx: ctx, seed: seed, rng: rand.New(rand.NewPCG(seed, 0))}
	model := play(h)
	switch {
	case ctx.Err() != nil:
		h.strange = append(h.strange, "a call waited for ever")
	case len(h.strange) == 0:
		verdict := porcupine.CheckOperationsTimeout(model, h.ops, forEver)
		if verdict == porcupine.Ok {
			return true
		}
		h.strange = append(h.strange, "is it linearizable? "+string(verdict))
	}
	t.Errorf("seed %d: %s\n%s", seed, strings.Join(h.strange, "; "), h)
	return false
}

func (h *history) now() int64 { return h.clock.Add(1) }

func (h *history) record(client int, in any, call int64, out any, end int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: end})
}

func (h *history) fault(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.strange = append(h.strange, fmt.Sprintf(format, args...))
}

// String lists the calls in the order in which they began.
func (h *history) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.SortFunc(h.ops, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var text strings.Builder
	for _, op := range h.ops {
		fmt.Fprintf(&text, "%4d-%-4d client %d: %+v -> %+v\n", op.Call, op.Return, op.ClientId, op.Input, op.Output)
	}
	return text.String()
}

// A client is one of the goroutines of a history.
type client struct {
	*history
	id  int
	rng *rand.Rand
}

func (h *history) client(id int) *client {
	return &client{history: h, id: id, rng: rand.New(rand.NewPCG(h.seed, uint64(id)+1))}
}

// together runs n clients at once, and waits for them.
func (h *history) together(n int, behave func(*client)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for id := range n {
		c := h.client(id)
		wg.Go(func() {
			<-start
			behave(c)
		})
	}
	close(start)
	wg.Wait()
}

// do calls, and takes down what for and what came of it.
func do[I, O any](c *client, in I, call func() O) O {
	begin := c.now()
	out := call()
	c.record(c.id, in, begin, out, c.now())
	return out
}

func (c *client) oneIn(n int) bool { return c.rng.IntN(n) == 0 }

// pause lets others run, or not.
func (c *client) pause() { yield(c.rng.IntN(4)) }

func yield(times int) {
	for range times {
		runtime.Gosched()
	}
}

// patience returns the context of a call: mostly one that outlasts the history,
// now and then one that ends soon, or has ended.
func (c *client) patience() (context.Context, context.CancelFunc) {
	switch c.rng.IntN(6) {
	case 0:
		return context.WithTimeout(c.ctx, time.Duration(c.rng.IntN(100))*time.Microsecond)
	case 1: // ended by another goroutine, at about the time of what others do
		ctx, cancel := context.WithCancel(c.ctx)
		go cancel()
		return ctx, cancel
	}
	return c.ctx, func() {}
}

// gaveUp says whether err is that of a context: then the call has done nothing.
func gaveUp(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// modelOf makes a model of a typed step, whose states are compared by ==.
func modelOf[S comparable, I, O any](step func(s S, in I, out O) (bool, S)) porcupine.Model {
	return porcupine.Model{
		Init: func() any { var s S; return s },
		Step: func(s, in, out any) (bool, any) {
			return step(s.(S), in.(I), out.(O))
		},
	}
}

// inSequence is a history without overlap, for tests of the models.
func inSequence(steps ...[2]any) (ops []porcupine.Operation) {
	for i, s := range steps {
		ops = append(ops, porcupine.Operation{Input: s[0], Output: s[1], Call: int64(2 * i), Return: int64(2*i + 1)})
	}
	return ops
}
