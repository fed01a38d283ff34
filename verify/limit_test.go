package verify_test

import (
	"context"
	"errors"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

type limitCall string

const (
	borrow    limitCall = "Borrow"
	tryBorrow limitCall = "TryBorrow"
	giveBack  limitCall = "Return"
	inUse     limitCall = "InUse"

	// The steps of a Borrow that gave up.
	gets     limitCall = "Borrow gave up: gets"
	passesOn limitCall = "Borrow gave up: passes on"
)

// A limitStep is a call or, where it makes a difference who does it, a step of one.
type limitStep struct {
	call   limitCall
	client int
}

type limitState struct {
	lent            int
	passing, passed [borrowers]bool // who is between the two steps of giving up
}

const borrowers = 5

type limitResult struct {
	ok  bool
	n   int
	err error
}

// limitModel is a Limit of size permits.
//
// A permit that comes as its waiter gives up goes on to the next one, and in
// between it is lent. So a Borrow that gave up is two steps, in either order: it
// gets a permit and passes it on, or it passes on nothing and then gets nothing.
// Each of the two must lie within the call.
func limitModel(size int) porcupine.Model {
	return modelOf(func(s limitState, in limitStep, out limitResult) (bool, limitState) {
		free := s.lent < size
		switch in.call {
		case inUse:
			return out.n == s.lent, s
		case giveBack:
			if out.err != nil {
				return errors.Is(out.err, syncx.ErrLimitReturn) && s.lent == 0, s
			}
			s.lent--
			return s.lent >= 0, s
		case tryBorrow:
			if !out.ok {
				return !free, s
			}
		case gets:
			if s.passed[in.client] {
				s.passed[in.client] = false
				return true, s
			}
			s.passing[in.client] = true
		case passesOn:
			if !s.passing[in.client] {
				s.passed[in.client] = true
				return true, s
			}
			s.passing[in.client] = false
			s.lent = max(0, s.lent-1) // others may have returned it
			return true, s
		}
		s.lent++
		return free, s
	})
}

// A borrower is a client with permits. One that has any does not wait for more:
// it could wait for itself.
type borrower struct {
	*client
	limit *syncx.Limit
	has   int
}

func (b *borrower) act() {
	switch choice := b.rng.IntN(8); {
	case choice == 0:
		do(b.client, limitStep{call: inUse}, func() limitResult { return limitResult{n: b.limit.InUse()} })
	case choice == 1: // be it of what others have borrowed
		b.giveBack()
	case b.has > 0 && choice < 6:
		b.giveBack()
	case b.has == 0 && choice < 6:
		ctx, cancel := b.patience()
		defer cancel()
		b.borrow(ctx)
	default:
		if do(b.client, limitStep{call: tryBorrow}, func() limitResult { return limitResult{ok: b.limit.TryBorrow()} }).ok {
			b.has++
		}
	}
}

func (b *borrower) borrow(ctx context.Context) {
	begin := b.now()
	err := b.limit.Borrow(ctx)
	end := b.now()
	switch {
	case err == nil:
		b.has++
		b.record(b.id, limitStep{call: borrow}, begin, limitResult{}, end)
	case gaveUp(err):
		b.record(b.id, limitStep{gets, b.id}, begin, limitResult{}, end)
		b.record(b.id, limitStep{passesOn, b.id}, begin, limitResult{}, end)
	default:
		b.fault("Borrow returned %v", err)
	}
}

func (b *borrower) giveBack() {
	do(b.client, limitStep{call: giveBack}, func() limitResult { return limitResult{err: b.limit.Return()} })
	b.has = max(0, b.has-1)
}

func TestALimitLendsNoMoreThanItHasAndNobodyWaitsForWhatIsFree(t *testing.T) {
	verify(t, func(h *history) porcupine.Model {
		size := 1 + h.rng.IntN(3)
		limit := syncx.NewLimit(size)
		h.together(borrowers, func(c *client) {
			b := borrower{client: c, limit: limit}
			for range 12 {
				b.act()
				c.pause()
			}
			for b.has > 0 {
				b.giveBack()
			}
		})
		// What was lost on the way is missed now.
		last := borrower{client: h.client(borrowers), limit: limit}
		for range size + 1 {
			do(last.client, limitStep{call: tryBorrow}, func() limitResult { return limitResult{ok: limit.TryBorrow()} })
		}
		return limitModel(size)
	})
}

func TestTheModelOfALimitRefusesWhatALimitMustNotDo(t *testing.T) {
	step := func(call limitCall, out limitResult) [2]any { return [2]any{limitStep{call: call}, out} }
	got, refused := step(tryBorrow, limitResult{ok: true}), step(tryBorrow, limitResult{})
	waited, returned := step(borrow, limitResult{}), step(giveBack, limitResult{})
	for name, ops := range map[string][]porcupine.Operation{
		"lends too many":          inSequence(got, waited),
		"refuses what is free":    inSequence(refused),
		"takes back what is not":  inSequence(returned),
		"loses a permit":          inSequence(waited, returned, refused),
		"miscounts":               inSequence(waited, step(inUse, limitResult{n: 2})),
		"keeps what was given up": inSequence(step(gets, limitResult{}), step(passesOn, limitResult{}), refused),
		"gets more than there is": inSequence(got, step(gets, limitResult{})),
		"denies what is borrowed": inSequence(got, step(giveBack, limitResult{err: syncx.ErrLimitReturn})),
		"fails in some other way": inSequence(got, step(giveBack, limitResult{err: context.Canceled})),
	} {
		require.False(t, porcupine.CheckOperations(limitModel(1), ops), name)
	}
}
