package weirhttp

import (
	"errors"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

// ProtectOptions configures [Protect]. The zero value is ready to use.
type ProtectOptions struct {
	// Timeout is what [Timeout] allows: [DefaultTimeout] if it is zero, without
	// limit if it is negative.
	Timeout time.Duration
	// Guard decides which requests are served. The default is a new [load.Shedder];
	// make one to see its Stats, or to share it between routes that need the same
	// resource.
	Guard weir.Guard

	Recover   RecoverOptions
	Propagate PropagateOptions
	Admit     AdmitOptions
}

// Validate returns what is wrong with the options, nil if nothing is.
func (o ProtectOptions) Validate() error {
	return errors.Join(o.Propagate.Validate(), o.Admit.Validate())
}

// Protect returns the chain that most services want, from the outside in: [Recover],
// [Propagate], [Timeout], and [Admit] with an adaptive load shedder. A request costs
// what these cost. It panics on impossible options.
func Protect(o ProtectOptions) Middleware {
	if o.Guard == nil {
		o.Guard = load.New(load.Options{})
	}
	return Chain(
		Recover(o.Recover),
		Propagate(o.Propagate),
		Timeout(o.Timeout),
		Admit(o.Guard, o.Admit),
	)
}
