package weiretcd

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weirgo/weir"
)

// RegistrarOptions configures a [Registrar]. Prefix and Endpoint must be given;
// every other field may be zero, and then has the default that its comment names.
type RegistrarOptions struct {
	// Prefix is the service, as in the target of its clients: "services/orders".
	// A slash at the end makes no difference.
	Prefix string
	// ID is what tells this instance from the others. The key is Prefix + "/" + ID.
	// The default is Endpoint.Addr: then an instance that comes back at the same
	// address takes over the key that it left. Whoever registers last has it.
	ID string
	// Endpoint is what is announced.
	Endpoint Endpoint
	// Plain writes the address alone, without JSON, for clients that expect that.
	// Weight and Metadata cannot be announced then.
	Plain bool

	// TTL is after how long without a sign of life etcd takes the instance away. The
	// default is 10 s. It is rounded up to whole seconds.
	TTL time.Duration
	// Timeout is how long etcd may take for an answer. The default is 3 s.
	Timeout time.Duration

	// OnChange is called each time that Registered changes, with what Stats are
	// then, without locks: on the goroutine of Register and of Close, and in between
	// on the registrar's own, which waits for it. It must not call Register, Close or
	// Update, for they wait for whoever has called it.
	OnChange func(RegistrarStats)
	// OnPanic is called with what OnChange panicked with, after which all goes on.
	// Without it, such a panic is logged once through slog.Default.
	OnPanic func(*weir.Panic)
}

const (
	shortestTTL = time.Second
	longestTTL  = 24 * time.Hour
)

// Validate returns what makes the options impossible, nil if nothing does.
func (o RegistrarOptions) Validate() error {
	switch {
	case directory(o.Prefix) == "/":
		return errors.New("weiretcd: RegistrarOptions needs a Prefix")
	case strings.ContainsFunc(o.Prefix+o.ID, unprintable):
		return errors.New("weiretcd: RegistrarOptions.Prefix and ID must be printable")
	case o.TTL < 0 || o.TTL > longestTTL:
		return fmt.Errorf("weiretcd: RegistrarOptions.TTL must be between 0 and %v", longestTTL)
	case o.Timeout < 0:
		return errors.New("weiretcd: RegistrarOptions.Timeout must not be negative")
	}
	return o.validate(o.Endpoint)
}

func (o RegistrarOptions) validate(e Endpoint) error {
	if o.Plain && (e.Weight != 0 || e.Metadata != "") {
		return errors.New("weiretcd: a plain value has neither Weight nor Metadata")
	}
	return e.validateOwn()
}

func (o RegistrarOptions) withDefaults() RegistrarOptions {
	o.TTL = max(shortestTTL, orDefault(o.TTL, 10*time.Second))
	o.Timeout = orDefault(o.Timeout, 3*time.Second)
	if o.ID == "" {
		o.ID = o.Endpoint.Addr
	}
	return o
}

// seconds returns the TTL as etcd counts it.
func (o RegistrarOptions) seconds() int64 {
	return int64((o.TTL + time.Second - 1) / time.Second)
}

func (o RegistrarOptions) value(e Endpoint) string {
	if o.Plain {
		return e.Addr
	}
	return e.String()
}
