// Package panics logs what user code panicked with where nobody waits for it and
// nobody hooked it.
package panics

import (
	"context"
	"log/slog"
)

// Log logs a panic once, through slog.Default at level error, as a message of
// where ("collection: panic in a callback").
func Log(where string, value any, stack []byte) {
	slog.Default().LogAttrs(context.Background(), slog.LevelError, where,
		slog.Any("panic", value),
		slog.String("stack", string(stack)))
}
