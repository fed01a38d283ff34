package weir_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

func TestJoinAsksInOrderAndSettlesInReverse(t *testing.T) {
	var j journal
	p, err := weir.Join(j.guard("a"), j.guard("b"), j.guard("c")).Allow(t.Context())
	require.NoError(t, err)
	p.Done(weir.Overloaded)
	p.Done(weir.Success)
	require.Equal(t, []string{
		"allow a", "allow b", "allow c", "c overloaded", "b overloaded", "a overloaded",
	}, j.lines)
}

func TestJoinGivesEarlierPermitsBackWhenALaterGuardRefuses(t *testing.T) {
	var j journal
	p, err := weir.Join(j.guard("a"), j.guard("b"), refusing{}, j.guard("c")).Allow(t.Context())
	require.Equal(t, errRefused, err)
	require.Zero(t, p)
	require.Equal(t, []string{"allow a", "allow b", "b ignored", "a ignored"}, j.lines)
}

func TestJoinRefusedByItsFirstGuardAsksNoOther(t *testing.T) {
	var j journal
	_, err := weir.Join(refusing{}, j.guard("a")).Allow(t.Context())
	require.Equal(t, errRefused, err)
	require.Empty(t, j.lines)
}

func TestJoinGivesEarlierPermitsBackWhenALaterGuardPanics(t *testing.T) {
	var j journal
	bad := allow(func(context.Context) (weir.Permit, error) { panic(errBoom) })
	require.PanicsWithValue(t, errBoom, func() {
		_, _ = weir.Join(j.guard("a"), j.guard("b"), bad, j.guard("c")).Allow(t.Context())
	})
	require.Equal(t, []string{"allow a", "allow b", "b ignored", "a ignored"}, j.lines)
}

func TestJoinGivesEarlierPermitsBackWhenALaterGuardExits(t *testing.T) {
	var j journal
	exit := allow(func(context.Context) (weir.Permit, error) { runtime.Goexit(); return weir.Permit{}, nil })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = weir.Join(j.guard("a"), exit).Allow(context.Background())
	}()
	<-ended
	require.Equal(t, []string{"allow a", "a ignored"}, j.lines)
}

func TestPanickingSettlerLeavesNoOtherGuardUnsettled(t *testing.T) {
	var j journal
	bad := allow(func(context.Context) (weir.Permit, error) {
		return weir.PermitFunc(func(weir.Outcome) { panic(errBoom) }), nil
	})
	joined := weir.Join(j.guard("a"), bad, j.guard("b"), bad, j.guard("c"))
	for range 2 { // the second time on what the first left behind
		j.lines = nil
		p, err := joined.Allow(t.Context())
		require.NoError(t, err)
		require.PanicsWithValue(t, errBoom, func() { p.Done(weir.Failure) })
		require.Equal(t, []string{"allow a", "allow b", "allow c", "c failure", "b failure", "a failure"}, j.lines)
	}
}

func TestUnknownOutcomeReachesEveryJoinedGuardAsFailure(t *testing.T) {
	var j journal
	p, err := weir.Join(j.guard("a"), j.guard("b")).Allow(t.Context())
	require.NoError(t, err)
	require.Panics(t, func() { p.Done(weir.Outcome(77)) })
	require.Equal(t, []string{"allow a", "allow b", "b failure", "a failure"}, j.lines)
}

func TestJoinsNest(t *testing.T) {
	var j journal
	inner := weir.Join(j.guard("b"), j.guard("c"))
	p, err := weir.Join(j.guard("a"), inner, j.guard("d")).Allow(t.Context())
	require.NoError(t, err)
	p.Done(weir.Success)
	require.Equal(t, []string{
		"allow a", "allow b", "allow c", "allow d", "d success", "c success", "b success", "a success",
	}, j.lines)

	j.lines = nil
	_, err = weir.Join(j.guard("a"), inner, refusing{}).Allow(t.Context())
	require.Equal(t, errRefused, err)
	require.Equal(t, []string{
		"allow a", "allow b", "allow c", "c ignored", "b ignored", "a ignored",
	}, j.lines)
}

func TestSameGuardTwiceInAJoinIsAskedTwice(t *testing.T) {
	var j journal
	g := j.guard("a")
	p, err := weir.Join(g, g).Allow(t.Context())
	require.NoError(t, err)
	p.Done(weir.Success)
	require.Equal(t, []string{"allow a", "allow a", "a success", "a success"}, j.lines)
}

func TestJoinOfNoneAdmitsEverything(t *testing.T) {
	g := weir.Join()
	for range 3 {
		p, err := g.Allow(t.Context())
		require.NoError(t, err)
		p.Done(weir.Failure)
	}
}

func TestJoinOfOneIsThatGuard(t *testing.T) {
	g := newTurnstile()
	require.Same(t, g, weir.Join(g))
}

func TestJoinOfAHundred(t *testing.T) {
	guards := make([]weir.Guard, 100)
	for i := range guards {
		guards[i] = newTurnstile()
	}
	joined := weir.Join(guards...)
	p, err := joined.Allow(t.Context())
	require.NoError(t, err)
	_, err = joined.Allow(t.Context())
	require.Equal(t, errRefused, err, "every turnstile is taken")
	p.Done(weir.Success)
	for _, g := range guards {
		require.Equal(t, int64(1), g.(*turnstile).settled[weir.Success].Load())
		require.Zero(t, g.(*turnstile).settled[weir.Ignored].Load())
	}
}

func TestJoinKeepsItsOwnListOfGuards(t *testing.T) {
	var j journal
	guards := []weir.Guard{j.guard("a"), j.guard("b")}
	joined := weir.Join(guards...)
	guards[0] = refusing{}
	_, err := joined.Allow(t.Context())
	require.NoError(t, err)
}

func TestJoinPanicsOnANilGuard(t *testing.T) {
	for _, guards := range [][]weir.Guard{{nil}, {newTurnstile(), nil}, {nil, newTurnstile()}} {
		require.PanicsWithValue(t, "weir: Join with a nil Guard", func() { weir.Join(guards...) })
	}
}

func TestJoinAsksForTheLongestWait(t *testing.T) {
	j := weir.Join(refusing{wait: time.Second}, newTurnstile(), refusing{wait: 3 * time.Second}, refusing{wait: -1})
	require.Equal(t, 3*time.Second, weir.RetryAfter(j, errRefused))
	require.Zero(t, weir.RetryAfter(weir.Join(newTurnstile(), refusing{wait: -1}), errRefused))
}
