package limit

import (
	"context"
	"math"
	"math/bits"
	"time"

	"github.com/weirgo/weir"
)

// For returns a guard that admits a call if one event of the key is allowed. It
// refuses with an error that is [ErrLimited] and knows its RetryAfter, rounded up
// by at most a sixteenth; refusals allocate nothing. An impossible key is [ErrKey]
// at each call. The outcome of calls does not matter. For itself allocates; where
// keys are few, keep the guard.
func (t *Token) For(key string) weir.Guard { return &tokenGuard{t, key} }

// For returns a guard that admits a call if one event of the key is allowed; see
// [Token.For].
func (p *Period) For(key string) weir.Guard { return &periodGuard{p, key} }

type tokenGuard struct {
	token *Token
	key   string
}

func (g *tokenGuard) Allow(ctx context.Context) (weir.Permit, error) {
	return admit(g.token.Allow(ctx, g.key))
}

type periodGuard struct {
	period *Period
	key    string
}

func (g *periodGuard) Allow(ctx context.Context) (weir.Permit, error) {
	return admit(g.period.Take(ctx, g.key))
}

func admit(d Decision, err error) (weir.Permit, error) {
	if err == nil && !d.Allowed {
		err = refusalFor(d.RetryAfter)
	}
	return weir.Permit{}, err
}

// A refusal is what guards refuse with. There is one for each RetryAfter that is
// worth telling apart.
type refusal struct{ after time.Duration }

func (r *refusal) Error() string             { return ErrLimited.Error() }
func (r *refusal) Is(target error) bool      { return target == ErrLimited || target == weir.ErrRejected }
func (r *refusal) RetryAfter() time.Duration { return r.after }

const (
	stepBits    = 4 // 16 refusals for each doubling of the time, so 6 % apart
	refusalUnit = 10 * time.Microsecond
	numRefusals = 46<<stepBits + 1<<stepBits // to beyond the longest Duration
)

var refusals = makeRefusals()

func makeRefusals() (all [numRefusals]refusal) {
	for i := range all {
		all[i].after = math.MaxInt64
		if step := stepAt(i); step <= math.MaxInt64/uint64(refusalUnit) {
			all[i].after = time.Duration(step) * refusalUnit
		}
	}
	return all
}

// stepAt returns the i-th number that has at most 5 significant bits.
func stepAt(i int) uint64 {
	if i < 2<<stepBits {
		return uint64(i)
	}
	exponent := uint(i>>stepBits) - 1
	return uint64(i&(1<<stepBits-1)|1<<stepBits) << exponent
}

// refusalFor returns the refusal for the shortest time that is not shorter.
func refusalFor(after time.Duration) *refusal {
	if after <= 0 {
		return &refusals[0]
	}
	units := uint64((after-1)/refusalUnit) + 1
	exponent := max(0, bits.Len64(units)-1-stepBits)
	step := (units-1)>>exponent + 1 // rounded up
	i := exponent<<stepBits + int(step)
	return &refusals[i]
}
