// Package ctxerr reads the error of a done context.
package ctxerr

import "context"

// Err returns nil while ctx lives. Afterwards it returns ctx.Err() itself, or,
// where ctx was ended with a cause of its own, an error that is both.
func Err(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != err {
		return &causeError{err, cause}
	}
	return err
}

type causeError struct{ err, cause error }

func (e *causeError) Error() string   { return e.err.Error() + ": " + e.cause.Error() }
func (e *causeError) Unwrap() []error { return []error{e.err, e.cause} }
