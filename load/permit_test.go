package load_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

func TestPermitSettlesOnceThroughAllItsCopies(t *testing.T) {
	for o := weir.Success; o <= weir.Overloaded; o++ {
		s := blind(load.Options{})
		p := enter(t, s, 1)[0]
		var wg sync.WaitGroup
		for range 100 {
			copied := p
			wg.Go(func() { copied.Done(o) })
		}
		wg.Wait()
		st := s.Stats()
		require.Zero(t, st.InFlight)
		require.Equal(t, uint64(1), st.Succeeded+st.Failed+st.Overloaded+st.Ignored, o)
	}
}

func TestFirstOutcomeCounts(t *testing.T) {
	s := blind(load.Options{})
	p := enter(t, s, 1)[0]
	p.Done(weir.Overloaded)
	for o := weir.Success; o <= weir.Overloaded; o++ {
		p.Done(o)
	}
	st := s.Stats()
	require.Equal(t, [4]uint64{0, 0, 1, 0}, [4]uint64{st.Succeeded, st.Failed, st.Overloaded, st.Ignored})
}

// What a settled permit referred to is used again, here and by other shedders. The
// old permit must not settle the new call.
func TestSettledPermitNeverSettlesACallThatCameLater(t *testing.T) {
	a, b := blind(load.Options{InitialLimit: 8}), blind(load.Options{InitialLimit: 8})
	var stale []weir.Permit
	for range 200 {
		held := append(enter(t, a, 8), enter(t, b, 8)...)
		leave(weir.Failure, stale...)
		require.Equal(t, 8, a.Stats().InFlight)
		require.Equal(t, 8, b.Stats().InFlight)
		leave(weir.Ignored, held...)
		stale = held
	}
	for _, s := range []*load.Shedder{a, b} {
		require.Zero(t, s.Stats().InFlight)
		require.Equal(t, uint64(1600), s.Stats().Ignored)
		require.Zero(t, s.Stats().Failed)
	}
}

func TestUnknownOutcomeCountsAsFailureAndPanics(t *testing.T) {
	s := blind(load.Options{})
	p := enter(t, s, 1)[0]
	require.PanicsWithValue(t, "weir: Done with an unknown outcome(9)", func() { p.Done(9) })
	require.Zero(t, s.Stats().InFlight)
	require.Equal(t, uint64(1), s.Stats().Failed)
}

func TestPanicAndGoexitGiveThePermitBack(t *testing.T) {
	s := blind(load.Options{InitialLimit: 1})
	for range 100 {
		require.PanicsWithValue(t, "boom", func() {
			_ = weir.Do(context.Background(), s, func(context.Context) error { panic("boom") })
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			_ = weir.Do(context.Background(), s, func(context.Context) error {
				runtime.Goexit()
				return nil
			})
		})
		wg.Wait()
	}
	require.Zero(t, s.Stats().InFlight)
	require.Equal(t, uint64(200), s.Stats().Failed)
	require.Zero(t, s.Stats().Refused)
}

func TestForgottenPermitIsCountedOutByTheGarbageCollector(t *testing.T) {
	s := blind(load.Options{InitialLimit: 20})
	held := enter(t, s, 3)
	forget(t, s, 17)
	requireRefused(t, s, context.Background(), load.ReasonLimit)
	untilCollected(t, func() bool { return s.Stats().Forgotten == 17 })
	require.Equal(t, 3, s.Stats().InFlight, "permits that are held are not forgotten")
	leave(weir.Ignored, held...) // of which the law learns nothing
	require.Zero(t, s.Stats().InFlight)
	leave(weir.Ignored, enter(t, s, 20)...)
	for range 3 {
		runtime.GC()
	}
	require.Equal(t, uint64(17), s.Stats().Forgotten, "once each, and nobody else")
	require.Zero(t, s.Stats().InFlight)
}

// forget takes n permits, and keeps none.
//
//go:noinline
func forget(t *testing.T, s *load.Shedder, n int) { enter(t, s, n) }

// untilCollected collects garbage until the condition holds. Cleanups run some time
// after the collection that makes them due.
func untilCollected(t *testing.T, condition func() bool) {
	t.Helper()
	for range 1000 {
		if runtime.GC(); condition() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("not collected")
}

// Permits that are forgotten all the time must not stop the limit from following.
func TestServiceGoesOnThoughSomeForgetTheirPermits(t *testing.T) {
	s := blind(load.Options{})
	for range 200 {
		for range 20 {
			if p, err := s.Allow(context.Background()); err == nil {
				p.Done(weir.Success)
			}
		}
		_, _ = s.Allow(context.Background())
	}
	untilCollected(t, func() bool { return s.Stats().InFlight == 0 })
	before := s.Stats().Refused
	for range 1000 {
		leave(weir.Success, enter(t, s, 1)...)
	}
	require.Equal(t, before, s.Stats().Refused)
}

func TestTimeInFlightDoesNotMatterToAPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := blind(load.Options{})
		p := enter(t, s, 1)[0]
		time.Sleep(1000 * 24 * time.Hour)
		require.Equal(t, 1, s.Stats().InFlight, "it is no lease")
		p.Done(weir.Success)
		require.Zero(t, s.Stats().InFlight)
		require.Equal(t, uint64(1), s.Stats().Succeeded)
		requireSane(t, s)
	})
}

// A ledger is what a shedder must have counted.
type ledger struct {
	t     *testing.T
	s     *load.Shedder
	o     load.Options
	held  []heldCall
	stale []weir.Permit
	ended time.Time // when a call ended last, or the shedder was made
	next  int       // calls that may follow others that were let in for relief and have ended

	outcomes                  [4]uint64
	timedOut, refused, spared uint64
	checks                    int
}

type heldCall struct {
	weir.Permit
	ctx    context.Context
	cancel func()
	since  time.Time
	relief bool // let in, be there room or not, because nothing had ended for long
}

// allow makes a call, and checks that what becomes of it is within the bounds.
func (l *ledger) allow(class weir.Criticality, within time.Duration) {
	ctx, cancel := of(class), func() {}
	if within > 0 {
		ctx, cancel = context.WithTimeout(ctx, within)
	}
	before := l.s.Stats()
	p, err := l.s.Allow(ctx)
	after := l.s.Stats()
	l.spared += after.Spared - before.Spared
	if err != nil {
		cancel()
		l.refused++
		require.False(l.t, l.o.DryRun)
		if reason := reasonOf(l.t, err); reason == load.ReasonLimit {
			require.GreaterOrEqual(l.t, before.InFlight, max(1, l.o.MinLimit), "refused below MinLimit")
		}
		return
	}
	c := heldCall{Permit: p, ctx: ctx, cancel: cancel, since: time.Now()}
	counted := after.InFlight - l.uncounted()
	inside := counted <= l.o.MaxLimit && (within > 0 || counted <= max(before.Limit, after.Limit))
	c.relief = before.InFlight > 0 && time.Since(l.ended) > time.Second
	if !inside && !l.o.DryRun && !c.relief {
		require.Positive(l.t, l.next, "admitted above the limit")
		l.next--
		c.relief = true
	}
	l.held = append(l.held, c)
}

// uncounted returns how many calls need not count: they have lasted for very long, or
// may have been let in for relief.
func (l *ledger) uncounted() (n int) {
	for _, c := range l.held {
		if c.relief || time.Since(c.since) >= 3*time.Second {
			n++
		}
	}
	return n
}

func (l *ledger) settle(i int, o weir.Outcome) {
	if len(l.held) == 0 {
		return
	}
	i %= len(l.held)
	c := l.held[i]
	l.held = append(l.held[:i], l.held[i+1:]...)
	if o == weir.Failure && c.ctx.Err() != nil {
		l.timedOut++
	}
	c.Done(o)
	c.cancel()
	l.outcomes[o]++
	l.stale = append(l.stale, c.Permit)
	l.ended = time.Now()
	if c.relief {
		l.next++
	}
}

func (l *ledger) check() {
	st := l.s.Stats()
	if l.checks++; l.checks%16 == 0 {
		requireSane(l.t, l.s) // takes long
	}
	require.Equal(l.t, len(l.held), st.InFlight)
	require.Equal(l.t, l.outcomes, [4]uint64{st.Succeeded, st.Failed, st.Ignored, st.Overloaded})
	require.Equal(l.t, [3]uint64{l.timedOut, l.refused, l.spared}, [3]uint64{st.TimedOut, st.Refused, st.Spared})
	require.GreaterOrEqual(l.t, st.Limits[0], max(1, l.o.MinLimit))
	require.LessOrEqual(l.t, st.Limit, l.o.MaxLimit)
}

// step does what a byte says.
func (l *ledger) step(b byte) {
	high := int(b >> 3)
	switch b % 8 {
	case 0, 1, 2:
		deadlines := []time.Duration{0, time.Millisecond, 100 * time.Millisecond, time.Hour}
		l.allow(allClasses[high%4], deadlines[high/4%4])
	case 3, 4:
		l.settle(high/4, weir.Outcome(high%4))
	case 5:
		l.settle(high, weir.Success)
	case 6:
		time.Sleep(1 << high) // up to two seconds
	case 7:
		leave(weir.Failure, l.stale...)
		time.Sleep(time.Duration(high) * time.Duration(high) * 10 * time.Millisecond)
	}
	synctest.Wait() // for the deadlines that have passed
	l.check()
}

func FuzzWhateverHappensIsCounted(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 0, 0, 0, 0})
	f.Add([]byte("\x02\x09\x05\x00 the quick brown fox jumps over the lazy dog, again and again"))
	// Long silence, and then a call that fails in no time: one too many is let in.
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x05\x05\x05\x05\xff\xfa\xbc\xd1\xe8"))
	f.Add([]byte("0\x0000700\xff0CC00"))
	// One is let in for relief, ends at once, and another one follows.
	f.Add([]byte("\x00\x00\x00\x00\x00\x67\x00\x0d\x00\x00"))
	overload := []byte{1, 0, 4, 0}
	for i := range 300 { // some come, fewer leave, every 2 ms
		overload = append(overload, 0, 8, 16, 24, 5, 0xa6, 5, byte(i)<<5|6)
	}
	f.Add(overload)
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) < 4 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			o := load.Options{MinLimit: int(script[0] % 8), DryRun: script[3]&1 != 0}
			o.MaxLimit = max(1, o.MinLimit) + int(script[1])*int(script[1])
			o.InitialLimit = min(max(1, o.MinLimit)+int(script[2]), o.MaxLimit)
			l := &ledger{t: t, s: blind(o), o: o, ended: time.Now()}
			for _, b := range script[4:min(len(script), 2500)] {
				l.step(b)
			}
			for len(l.held) > 0 {
				l.settle(0, weir.Ignored)
			}
			l.check()
			requireSane(t, l.s)
		})
	})
}
