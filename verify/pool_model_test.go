package verify_test

import (
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

const tenants = 5

// A poolStep is a call or, where it makes a difference who does it, a step of one.
type poolStep struct {
	call   string
	client int
}

type poolResult struct {
	id byte
	n  int
}

// poolState is which resources are idle, the last one on top, and how many there
// are at all.
type poolState struct {
	idle    string
	open    int
	passing [tenants]byte // the resource of who gave up and has not passed it on
	passed  [tenants]bool // whether who gave up has nothing to pass on
}

// poolModel is a Pool.
//
// A resource that comes as its waiter gives up goes on to the next one, and in
// between it is lent. So a Get that gave up is two steps, in either order: it gets
// a resource and passes it on, or it passes on nothing and then gets nothing.
func poolModel(maxOpen, maxIdle int) porcupine.Model {
	return modelOf(func(s poolState, in poolStep, out poolResult) (bool, poolState) {
		switch in.call {
		case "Idle":
			return out.n == len(s.idle), s
		case "TryGet":
			if out.id == 0 {
				return s.idle == "", s
			}
			return s.pop() == out.id, s.popped()
		case "Get":
			return s.pop() == out.id, s.popped()
		case "Get creates":
			ok := s.idle == "" && s.open < maxOpen
			s.open++
			return ok, s
		case "Get gave up: leaves": // what it has created
			ok := s.open < maxOpen && len(s.idle) < maxIdle
			s.open++
			return ok, s.pushed(out.id)
		case "Get gave up: is one too many":
			return len(s.idle) == maxIdle, s
		case "Put":
			return len(s.idle) < maxIdle, s.pushed(out.id)
		case "Put ends":
			s.open--
			return len(s.idle) == maxIdle, s
		case "Discard":
			s.open--
			return true, s
		}
		return s.giveUp(in, maxIdle)
	})
}

func (s poolState) giveUp(in poolStep, maxIdle int) (bool, poolState) {
	c := in.client
	switch got := s.passing[c]; {
	case in.call == "Get gave up: gets" && s.passed[c]:
		s.passed[c] = false
		return true, s
	case in.call == "Get gave up: gets":
		s.passing[c] = s.pop()
		return s.idle != "", s.popped()
	case got == 0:
		s.passed[c] = true
		return true, s
	case len(s.idle) == maxIdle: // then it is destroyed
		s.passing[c] = 0
		s.open--
		return true, s
	default:
		s.passing[c] = 0
		return true, s.pushed(got)
	}
}

// pop is what is lent next, 0 if nothing is idle.
func (s poolState) pop() byte {
	if s.idle == "" {
		return 0
	}
	return s.idle[len(s.idle)-1]
}

func (s poolState) popped() poolState {
	s.idle = s.idle[:max(0, len(s.idle)-1)]
	return s
}

func (s poolState) pushed(id byte) poolState {
	s.idle += string([]byte{id})
	return s
}

func TestTheModelOfAPoolRefusesWhatAPoolMustNotDo(t *testing.T) {
	step := func(call string, id byte) [2]any { return [2]any{poolStep{call: call}, poolResult{id: id}} }
	for name, ops := range map[string][]porcupine.Operation{
		"lends one twice":       inSequence(step("Get creates", 1), step("Get", 1)),
		"creates too many":      inSequence(step("Get creates", 1), step("Get creates", 2), step("Get creates", 3)),
		"creates for no reason": inSequence(step("Get creates", 1), step("Put", 1), step("Get creates", 2)),
		"loses one":             inSequence(step("Get creates", 1), step("Put", 1), step("TryGet", 0)),
		"lends what has ended":  inSequence(step("Get creates", 1), step("Discard", 1), step("TryGet", 1)),
		"keeps too many idle":   inSequence(step("Get creates", 1), step("Get creates", 2), step("Put", 1), step("Put", 2)),
		"ends what it may keep": inSequence(step("Get creates", 1), step("Put ends", 1)),
	} {
		require.False(t, porcupine.CheckOperations(poolModel(2, 1), ops), name)
	}
	lendsTheFirst := inSequence(step("Get creates", 1), step("Get creates", 2), step("Put", 1), step("Put", 2), step("Get", 1))
	require.False(t, porcupine.CheckOperations(poolModel(2, 2), lendsTheFirst))
}
