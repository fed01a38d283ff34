package cache

import "errors"

// ErrNotFound says that there is no value, and that this is known: a load returns
// it, or an error that wraps it, and [Cache.Take] returns it. It has a method
// NotFound that returns true, by which packages that do not know each other
// understand such errors of each other.
var ErrNotFound error = absence("cache: not found")

// ErrClosed is what [Cache.Take] returns once the cache is closed.
var ErrClosed = errors.New("cache: closed")

type absence string

func (a absence) Error() string { return string(a) }
func (absence) NotFound() bool  { return true }

// saysNotFound reports whether err, or what it wraps, says of itself that it means
// a value that does not exist.
func saysNotFound(err error) bool {
	var e interface {
		error
		NotFound() bool
	}
	return errors.Is(err, ErrNotFound) || errors.As(err, &e) && e.NotFound()
}
