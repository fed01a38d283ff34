package limit

import (
	"errors"

	"github.com/weirgo/weir"
)

var (
	// ErrKey says that a key is empty, or longer than [MaxKey].
	ErrKey = errors.New("limit: a key must have 1 to 1024 bytes")
	// ErrCost says that a number of events is negative.
	ErrCost = errors.New("limit: a number of events must not be negative")
	// ErrLimited is what every refusal of the guards of [Token.For] and
	// [Period.For] is, besides [weir.ErrRejected].
	ErrLimited = weir.NewRejection("limit: rate limit exceeded")
	// ErrTooLong refuses to wait: the events would not be allowed before the
	// deadline, or never.
	ErrTooLong = weir.NewRejection("limit: would have to wait for too long")
)

// MaxKey is how many bytes a key may have.
const MaxKey = 1024

var (
	errMax      = errors.New("limit: ConcurrencyOptions.Max must be 1 to 1048576")
	errMaxQueue = errors.New("limit: ConcurrencyOptions.MaxQueue must be at most 1048576")
	errMaxKeys  = errors.New("limit: MemoryOptions.MaxKeys must not be negative")

	errRate    = errors.New("limit: Rate.Events and Rate.Per must be at least 1")
	errBurst   = errors.New("limit: Bucket.Burst must be at least 1")
	errFill    = errors.New("limit: a bucket must be full again within 146 years")
	errBuckets = errors.New("limit: there must be 1 to 16 buckets")

	errQuota   = errors.New("limit: Window.Quota must be at least 1")
	errPeriod  = errors.New("limit: Window.Period must be 1 ns to 100 years")
	errAlign   = errors.New("limit: an aligned period must be whole days, or divide a day")
	errSliding = errors.New("limit: a sliding window cannot be aligned")

	errStore    = errors.New("limit: Store must not be a nil pointer")
	errFallback = errors.New("limit: unknown Fallback")
	errReplicas = errors.New("limit: Replicas must not be negative")
	errLeaseFor = errors.New("limit: TokenOptions.LeaseFor must not be negative")
	errLease    = errors.New("limit: TokenOptions.Lease must be 0 to the smallest burst")
)
