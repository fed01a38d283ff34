package limit_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

// A drive does the same to a limit and to its model, and compares after each
// step.
type drive struct {
	t       *testing.T
	l       *limit.Concurrency
	m       *model
	waiting []driven
	held    []driven // admitted; some of them settled already
}

type driven struct {
	real   *caller
	model  *modelCall
	cancel context.CancelFunc
}

// runScript decodes a limit from the first three bytes of script, and a step
// from every two that follow. Every script is valid.
func runScript(t *testing.T, script []byte) {
	if len(script) < 3 {
		return
	}
	o := limit.ConcurrencyOptions{
		Max:      []int{1, 2, 3, 5, 63, 64, 65, 130}[script[0]%8],
		MaxQueue: int(script[1] % 9),
		MaxWait:  time.Duration(script[2]%32) * time.Millisecond,
		MaxHold:  -1,
	}
	if o.MaxWait == 0 {
		o.MaxWait = -1
	}
	synctest.Test(t, func(t *testing.T) {
		d := drive{t: t, l: limit.NewConcurrency(o), m: newModel(o)}
		if o.Max > 60 { // else scripts would be too short to fill it
			for range o.Max - 2 {
				d.allow(false)
			}
		}
		for step := script[3:]; len(step) >= 2; step = step[2:] {
			d.step(step[0], int(step[1]))
		}
		d.finish()
	})
}

func (d *drive) step(code byte, arg int) {
	switch code % 8 {
	case 0, 1, 2:
		d.allow(false)
	case 3:
		d.allow(arg%4 == 0)
	case 4, 5:
		if len(d.held) > 0 {
			d.done(arg % len(d.held))
		}
	case 6:
		if len(d.waiting) > 0 {
			d.cancel(arg % len(d.waiting))
		}
	case 7:
		d.sleep(time.Duration(arg%40) * time.Millisecond)
	}
	d.compare()
}

func (d *drive) allow(cancelled bool) {
	ctx, cancel := context.WithCancel(d.t.Context())
	if cancelled {
		cancel()
	}
	d.waiting = append(d.waiting, driven{call(ctx, d.l), d.m.allow(cancelled), cancel})
	d.compare()
}

// done leaves some settled permits among those held, to be settled again.
func (d *drive) done(i int) {
	c := d.held[i]
	if c.model.settled {
		d.held = slices.Delete(d.held, i, i+1)
	}
	settle(c.real.permit)
	d.m.done(c.model)
}

func (d *drive) cancel(i int) {
	c := d.waiting[i]
	c.cancel()
	d.m.cancel(c.model)
}

func (d *drive) sleep(t time.Duration) {
	time.Sleep(t)
	d.m.sleep(t)
}

// compare checks all there is to see, and moves on those who wait no more.
func (d *drive) compare() {
	synctest.Wait()
	require.Equal(d.t, d.m.stats, d.l.Stats())
	d.waiting = slices.DeleteFunc(d.waiting, func(c driven) bool {
		require.Equal(d.t, c.model.waiting, !c.real.returned.Load())
		if c.model.waiting {
			return false
		}
		require.Equal(d.t, c.model.err, c.real.err)
		c.cancel() // means nothing any more
		if c.model.err == nil {
			d.held = append(d.held, c)
		}
		return true
	})
}

// finish gives everything back.
func (d *drive) finish() {
	for len(d.waiting) > 0 {
		d.cancel(0)
		d.compare()
	}
	for len(d.held) > 0 {
		d.done(0)
		d.compare()
	}
	requireWhole(d.t, d.l)
}

func TestConcurrencyAgreesWithItsModel(t *testing.T) {
	for seed := range uint64(150) {
		random := rand.New(rand.NewPCG(seed, 2))
		script := make([]byte, 3+2*400)
		for i := range script {
			script[i] = byte(random.Uint32())
		}
		runScript(t, script)
		require.False(t, t.Failed(), "seed %d", seed)
	}
}

func FuzzConcurrencyAgreesWithItsModel(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 4, 0, 4, 0, 0, 0})               // refuse, settle twice, admit
	f.Add([]byte{0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 1, 4, 0, 4, 0})   // cancel the middle of the queue
	f.Add([]byte{1, 8, 9, 0, 0, 0, 0, 0, 0, 7, 8, 0, 0, 7, 1, 4, 0})   // time out the head of the queue
	f.Add([]byte{6, 2, 5, 0, 0, 0, 0, 0, 0, 0, 0, 4, 64, 3, 0, 3, 1})  // two groups of slots
	f.Add([]byte{0, 1, 31, 0, 0, 0, 0, 7, 31, 0, 0, 6, 0, 4, 0, 3, 4}) // done contexts
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 2000 {
			return
		}
		runScript(t, script)
	})
}
