package breaker

import (
	"errors"
	"time"
)

// GroupOptions configures a [Group].
type GroupOptions struct {
	// Options are those of each breaker. A breaker's name is that of the group, a
	// slash, and its key.
	Options

	// MaxKeys is how many breakers there are at the most, not counting the one
	// for all others. The default is 10,000.
	MaxKeys int

	// IdleAfter is for how long nobody must have used a closed breaker before it
	// may be dropped when a new key comes. The default is 10 min; negative means
	// never.
	IdleAfter time.Duration
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o GroupOptions) Validate() error {
	if o.MaxKeys < 0 {
		return errors.New("breaker: GroupOptions.MaxKeys must not be negative")
	}
	return o.Options.Validate()
}
