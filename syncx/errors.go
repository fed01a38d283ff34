package syncx

import "errors"

// ErrClosed is returned by what was asked to work after its Close.
var ErrClosed = errors.New("syncx: closed")
