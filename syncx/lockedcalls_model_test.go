package syncx_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

// A turn is a call of Do whose function runs until it is released.
type turn struct {
	cancel  context.CancelFunc
	release chan struct{}

	running, returned bool
	err               error

	// By the model.
	runs, ended bool
	want        error
}

// lines is what LockedCalls promises, written in the most naive way: a list for
// each key, whose first one runs.
type lines map[int][]*turn

func (l lines) join(key int, c *turn) {
	l[key] = append(l[key], c)
	l[key][0].runs = true
}

func (l lines) leave(key int, c *turn, err error) {
	c.runs, c.ended, c.want = false, true, err
	l[key] = slices.DeleteFunc(l[key], func(other *turn) bool { return other == c })
	if len(l[key]) == 0 {
		delete(l, key)
		return
	}
	l[key][0].runs = true
}

func replayLockedCalls(t *testing.T, ops []byte) {
	var l syncx.LockedCalls[int]
	model, all := lines{}, []*turn(nil)
	begin := func(key int) {
		ctx, cancel := context.WithCancel(context.Background())
		c := &turn{cancel: cancel, release: make(chan struct{})}
		all = append(all, c)
		model.join(key, c)
		go func() {
			c.err = l.Do(ctx, key, func(context.Context) error {
				c.running = true
				<-c.release
				c.running = false
				return errDial
			})
			c.returned = true
		}()
	}
	finish := func(key int) {
		if line := model[key]; len(line) > 0 {
			close(line[0].release)
			model.leave(key, line[0], errDial)
		}
	}
	compare := func() {
		synctest.Wait()
		for _, c := range all {
			require.Equal(t, c.runs, c.running)
			require.Equal(t, c.ended, c.returned)
			require.Equal(t, c.want, c.err)
		}
		require.Equal(t, len(model), l.Keys())
	}
	for _, op := range ops {
		key := int(op / 8 % 3)
		switch op % 8 {
		case 0, 1, 2, 3:
			begin(key)
		case 4, 5:
			finish(key)
		case 6:
			if line := model[key]; len(line) > 1 {
				c := line[1+int(op/32)%(len(line)-1)]
				c.cancel()
				model.leave(key, c, context.Canceled)
			}
		case 7: // the turn comes as its caller leaves
			if line := model[key]; len(line) > 1 {
				c := line[1]
				c.cancel()
				close(line[0].release)
				model.leave(key, c, context.Canceled)
				model.leave(key, line[0], errDial)
			}
		}
		compare()
	}
	for len(model) > 0 {
		for key := range 3 {
			finish(key)
		}
		compare()
	}
	for _, c := range all {
		c.cancel()
	}
}

func TestLockedCallsAgreeWithTheirModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 * stress {
		ops := make([]byte, rng.IntN(80))
		for i := range ops {
			ops[i] = byte(rng.Uint32())
		}
		synctest.Test(t, func(t *testing.T) { replayLockedCalls(t, ops) })
	}
}

func FuzzLockedCallsAgreeWithTheirModel(f *testing.F) {
	f.Add([]byte{0, 0, 0, 6, 4, 4})
	f.Add([]byte{0, 8, 0, 0, 7, 12, 38, 4})
	f.Fuzz(func(t *testing.T, ops []byte) {
		synctest.Test(t, func(t *testing.T) { replayLockedCalls(t, ops[:min(len(ops), 300)]) })
	})
}
