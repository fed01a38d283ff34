package syncx

import (
	"errors"
	"sync/atomic"
)

// ErrUseOfCleaned is returned to who wants to use a [RefResource] that has been
// cleaned.
var ErrUseOfCleaned = errors.New("syncx: use of a resource that has been cleaned")

// A RefResource counts the users of a resource, and cleans it when the last one is
// done with it: once, and for good.
//
// It is made by [NewRefResource], without a user; the zero value does not work. It
// must not be copied. All methods are safe for concurrent use, and cost one
// compare-and-swap.
type RefResource struct {
	clean func()
	users atomic.Int64 // cleaned if there are none any more
}

const cleaned = -1

// NewRefResource returns a resource that clean cleans. It panics if clean is nil.
func NewRefResource(clean func()) *RefResource {
	if clean == nil {
		panic("syncx: a RefResource needs a function that cleans")
	}
	return &RefResource{clean: clean}
}

// Use makes the caller a user, who has to call Clean once. It returns
// [ErrUseOfCleaned] if the last user has called that already.
func (r *RefResource) Use() error {
	for {
		n := r.users.Load()
		if n == cleaned {
			return ErrUseOfCleaned
		}
		if r.users.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

// Clean ends one use. If it is the last one, it calls the function that cleans,
// with no lock held, and returns when that does; what that panics with goes to
// the caller, and the resource counts as cleaned. It panics if there is no user.
func (r *RefResource) Clean() {
	for {
		n := r.users.Load()
		if n <= 0 {
			panic("syncx: a RefResource is cleaned more often than used")
		}
		left := n - 1
		if left == 0 {
			left = cleaned
		}
		if r.users.CompareAndSwap(n, left) {
			if left == cleaned {
				r.clean()
			}
			return
		}
	}
}
