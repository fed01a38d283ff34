package weirredis

import (
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/bloom"
)

const (
	defaultBloomFPR     = 0.01
	defaultBloomTimeout = time.Second

	maxString = 512 << 20 // of Redis, in bytes
)

var (
	errBloomClient   = errors.New("weirredis: BloomOptions.Client must not be nil")
	errBloomDeadline = errors.New("weirredis: BloomOptions.Client must be made with ContextTimeoutEnabled: " +
		"without it a slow server holds callers past their deadlines")
	errBloomKey  = errors.New("weirredis: BloomOptions.Key must not be empty")
	errBloomTTL  = errors.New("weirredis: BloomOptions.TTL must not be negative")
	errBloomSize = errors.New("weirredis: BloomOptions: for so many keys at so low a rate the filter would be " +
		"larger than 512 MB, which is all that a key of Redis can hold")
)

// BloomOptions configures a [Bloom].
type BloomOptions struct {
	// Client is how Redis is reached, as in [StoreOptions]. There is no default. The
	// filter does not close it.
	Client redis.UniversalClient
	// Key is the name of the filter in Redis, as it stands. There is no default.
	// On a Cluster the whole filter is on the node that this key belongs to.
	Key string
	// Capacity is how many different keys the filter is for. There is no default. At a
	// rate of 1 % half a gigabyte has room for 400 million.
	Capacity int
	// FPR is the rate of false positives while the filter holds no more than Capacity
	// keys, a share of 0..1; the default is 0.01. See [bloom.New].
	FPR float64
	// TTL is for how long a filter lives, from when its first key is added; then it is
	// empty again. It is rounded up to a millisecond. The default, 0, is for ever.
	TTL time.Duration
	// Timeout is how long a call of Redis may take, whatever the context allows; the
	// default is a second. Negative: as long as the context allows.
	Timeout time.Duration
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o BloomOptions) Validate() error {
	_, err := o.layout()
	return err
}

func (o BloomOptions) layout() (bloom.Layout, error) {
	switch err := (StoreOptions{Client: o.Client}).Validate(); {
	case err == errNoClient:
		return bloom.Layout{}, errBloomClient
	case err != nil:
		return bloom.Layout{}, errBloomDeadline
	case o.Key == "":
		return bloom.Layout{}, errBloomKey
	case o.TTL < 0:
		return bloom.Layout{}, errBloomTTL
	}
	o.defaults()
	if err := bloom.Validate(o.Capacity, o.FPR); err != nil {
		return bloom.Layout{}, fmt.Errorf("weirredis: BloomOptions: %w", err)
	}
	l := bloom.NewLayout(o.Capacity, o.FPR)
	if l.Bits() > 8*(maxString-bloomHead) {
		return bloom.Layout{}, errBloomSize
	}
	return l, nil
}

func (o *BloomOptions) defaults() {
	if o.FPR == 0 {
		o.FPR = defaultBloomFPR
	}
	if o.Timeout == 0 {
		o.Timeout = defaultBloomTimeout
	}
}
