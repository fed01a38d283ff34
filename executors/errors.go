package executors

import (
	"errors"
	"fmt"

	"github.com/weirgo/weir"
)

var (
	// ErrClosed is returned by what was asked to accept something after its Close.
	ErrClosed = errors.New("executors: closed")
	// ErrFull is returned by an Add that does not wait although as much is pending
	// as may be. It is a refusal, so it satisfies errors.Is(err, weir.ErrRejected).
	ErrFull = weir.NewRejection("executors: as much is pending as may be")
	// ErrInHandler is returned by a Flush or Close from inside Handle or OnError of
	// the same executor, which would wait for itself.
	ErrInHandler = errors.New("executors: a handler cannot wait for its own batch")
	// ErrGoexit is the error of a batch whose handler called runtime.Goexit.
	ErrGoexit = errors.New("executors: a function called runtime.Goexit")
)

var (
	errHandle     = errors.New("executors: Handle must not be nil")
	errDo         = errors.New("executors: Do must not be nil")
	errContainer  = errors.New("executors: Container must not be nil")
	errSizeOf     = errors.New("executors: SizeOf must not be nil")
	errDelay      = errors.New("executors: Delay must not be negative")
	errSize       = errors.New("executors: Size must not be negative")
	errBytes      = errors.New("executors: Bytes must not be negative")
	errMaxPending = errors.New("executors: MaxPending must not be negative")
	errWorkers    = errors.New("executors: Workers must be 0 to 1,048,576")
	errRetryMax   = errors.New("executors: Retry.Max must not be negative or less than Base")
)

// An UnsettledError is what Close returns when its context was done before every
// item was settled. It satisfies errors.Is with the error of the context and with
// its cause.
type UnsettledError struct {
	// Running is how many items were still with Handle when Close returned. What
	// becomes of them shows as with any other, in Stats and in OnError.
	Running int
	// GivenUp is how many items OnError was given, rather than Handle, since the
	// context was done.
	GivenUp int
	// Err is the error of the context, with its cause.
	Err error
}

// Error implements the error interface.
func (e *UnsettledError) Error() string {
	return fmt.Sprintf("executors: closed with %d items still in the handler and %d given up: %v",
		e.Running, e.GivenUp, e.Err)
}

// Unwrap returns the error of the context.
func (e *UnsettledError) Unwrap() error { return e.Err }
