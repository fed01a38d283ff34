package fx

import (
	"errors"
	"runtime"

	"github.com/weirgo/weir"
)

// ParallelOptions are the options of [ParallelMap], [ParallelFilter] and
// [ParallelForEach]. The zero value is ready.
type ParallelOptions struct {
	// Workers is how many calls run at the same time. 0 means GOMAXPROCS, which
	// fits calls that compute; for calls that wait, take what the other side bears, up
	// to 65536.
	Workers int

	// Unordered yields each result as soon as it is there. Without it results come
	// in the order of their items, and those that are early wait.
	Unordered bool

	// OnPanic, if set, is called with the panic of a source that was told to stop
	// but ran on, and panicked when nobody waited for it any more; at most once, on
	// the goroutine of the source. Without it such a panic is logged.
	OnPanic func(*weir.Panic)
}

// Validate returns what is impossible about the options, or nil.
func (o ParallelOptions) Validate() error {
	if o.Workers < 0 || o.Workers > maxWorkers {
		return errWorkers
	}
	return nil
}

const maxWorkers = 65536

func (o ParallelOptions) workers() int {
	if o.Workers == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return o.Workers
}

func must(err error) {
	if err != nil {
		panic(err.Error())
	}
}

var errWorkers = errors.New("fx: ParallelOptions.Workers must be 0 to 65536")
