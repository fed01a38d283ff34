package lab_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/bench/lab"
	"github.com/weirgo/weir/internal/simulate"
)

// A witness remembers what it is asked, and answers with err.
type witness struct {
	ctx     context.Context
	outcome weir.Outcome
	err     error
}

func (w *witness) Allow(ctx context.Context) (weir.Permit, error) {
	w.ctx = ctx
	if w.err != nil {
		return weir.Permit{}, w.err
	}
	return weir.PermitFunc(func(o weir.Outcome) { w.outcome = o }), nil
}

var urgent = simulate.Request{At: time.Second, Deadline: 3 * time.Second, Class: 3}

func TestAGuardSeesDeadlineAndCriticality(t *testing.T) {
	var w witness
	begin := time.Now()
	g := lab.Guarded(&w)
	_, ok := g.Admit(urgent)
	require.True(t, ok)
	deadline, ok := w.ctx.Deadline()
	require.True(t, ok)
	require.WithinRange(t, deadline, begin.Add(3*time.Second), time.Now().Add(3*time.Second))
	require.NoError(t, w.ctx.Err())
	require.Equal(t, weir.CriticalPlus, weir.CriticalityFrom(w.ctx))
}

func TestAHiddenDeadlineIsNotSeen(t *testing.T) {
	var w witness
	r := urgent
	r.Hidden = true
	settle, _ := lab.Guarded(&w).Admit(r)
	_, ok := w.ctx.Deadline()
	require.False(t, ok)
	settle(true)
	require.Equal(t, weir.Success, w.outcome, "who knows no deadline cannot miss it")
	require.NoError(t, w.ctx.Err())
}

func TestALateAnswerIsAFailure(t *testing.T) {
	var w witness
	g := lab.Guarded(&w)
	settle, _ := g.Admit(urgent)
	settle(true)
	require.Equal(t, weir.Failure, w.outcome)
	require.ErrorIs(t, w.ctx.Err(), context.DeadlineExceeded)
	settle, _ = g.Admit(urgent)
	settle(false)
	require.Equal(t, weir.Success, w.outcome)
}

func TestWhatIsRefusedIsNotAdmitted(t *testing.T) {
	w := witness{err: weir.NewRejection("test: full")}
	g := lab.Guarded(&w)
	_, ok := g.Admit(urgent)
	require.False(t, ok)
	w.err = errors.New("broken")
	require.PanicsWithValue(t, "lab: not a refusal: broken", func() { g.Admit(urgent) })
}
