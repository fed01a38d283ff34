package weirredis

import (
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

const defaultPrefix = "weir:"

var (
	errNoClient = errors.New("weirredis: StoreOptions.Client must not be nil")
	errPrefix   = errors.New("weirredis: StoreOptions.Prefix must not contain a brace")
	errDeadline = errors.New("weirredis: StoreOptions.Client must be made with ContextTimeoutEnabled: " +
		"without it a slow server holds callers past their deadlines")
)

// StoreOptions configures a [Store].
type StoreOptions struct {
	// Client is how Redis is reached: a *redis.Client, also one that follows
	// Sentinel, a *redis.ClusterClient, a *redis.Ring, or what wraps one of them.
	// There is no default. The store does not close it.
	//
	// It must be made with ContextTimeoutEnabled, for else go-redis lets a call
	// last for ReadTimeout (3 s), whatever the deadline of its context. A retry of
	// go-redis may count an event twice, but never lets one through uncounted.
	// With DialerRetries: 1 and MaxRetries: -1 limiters turn to their fallback
	// within milliseconds when a server is gone, instead of after their Timeout.
	Client redis.UniversalClient
	// Prefix begins the name of every key; the default is "weir:". It must not
	// contain a brace, for the user's key stands in braces after it so that
	// Cluster takes the slot from that alone. Limiters of several stores share
	// state if server, Prefix and key are the same.
	Prefix string
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o StoreOptions) Validate() error {
	if strings.ContainsAny(o.Prefix, "{}") {
		return errPrefix
	}
	heeds := true
	switch c := o.Client.(type) {
	case nil:
		return errNoClient
	case *redis.Client:
		if c == nil {
			return errNoClient
		}
		heeds = c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		if c == nil {
			return errNoClient
		}
		heeds = c.Options().ContextTimeoutEnabled
	case *redis.Ring:
		if c == nil {
			return errNoClient
		}
		heeds = c.Options().ContextTimeoutEnabled
	}
	if !heeds {
		return errDeadline
	}
	return nil
}
