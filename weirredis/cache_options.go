package weirredis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

// CacheNode is one of several independent places where a [Cache] keeps values: a
// server, or a Cluster as a whole.
type CacheNode struct {
	// Client is how the node is reached; see [StoreOptions.Client]. The cache does
	// not close it.
	Client redis.UniversalClient
	// Name is what the node is called. Keys find their node by it: it must be the
	// same in all processes. The default is the address of a *redis.Client.
	Name string
	// Weight is the node's share of the keys, in proportion to those of the
	// others. The default is 1.
	Weight int
}

// CacheOptions configures a [Cache]. Every field but Client or Nodes may be zero,
// and then has the default that its comment names.
type CacheOptions[V any] struct {
	// Name tells this cache apart in metrics.
	Name string

	// Client is where values are kept, if that is one place: a server, one behind
	// Sentinel, a Cluster, or a Ring. Otherwise Nodes are the places, over which
	// keys are spread by a [hash.Ring] of 65,536 slots. One of the two must be
	// given. Clients must be made with ContextTimeoutEnabled.
	Client redis.UniversalClient
	Nodes  []CacheNode
	// Prefix begins the name of every key in Redis. The default is none.
	Prefix string

	// TTL is how long a value lives. The default is 7 days. It cannot be turned
	// off.
	TTL time.Duration
	// Jitter spreads the TTL of each value evenly over TTL * (1 - Jitter) to
	// TTL * (1 + Jitter). The default is 0.05; negative means none. It must be
	// less than 1, and applies to TTL alone.
	Jitter float64
	// NotFoundTTL is for how long Take remembers that there is no value. The
	// default is a minute; negative means not at all.
	NotFoundTTL time.Duration
	// IsNotFound tells Take which errors of a load mean that there is no value, as
	// well as those that wrap [ErrNotFound] and those with a method NotFound() bool
	// that returns true.
	IsNotFound func(error) bool

	// Marshal and Unmarshal make bytes of a value, and a value of bytes. The
	// default is JSON, in which numbers keep all their digits: those in an any
	// become a [json.Number]. Give both or none. What Marshal returns must not be
	// a single asterisk, which stands for a value that does not exist.
	Marshal   func(V) ([]byte, error)
	Unmarshal func([]byte) (V, error)

	// Timeout is how long one exchange with a node may take. The default is 500 ms;
	// negative means as long as the context allows.
	Timeout time.Duration
	// Breaker configures the breaker of each node, which makes calls fail at once
	// while the node does not answer. Its Name is that of the node, after Name and
	// a slash.
	Breaker breaker.Options
	// LoadWhenDown makes Take load what a node that does not answer may have. The
	// default is that Take fails, for a source that is used to a cache in front of
	// it may not stand without.
	LoadWhenDown bool

	// MaxPendingDeletes is how many keys are remembered whose deletion has failed
	// and is tried again. The default is 100,000; negative means none is tried
	// again.
	MaxPendingDeletes int
	// OnDeleteLost is called for each key whose deletion is not tried again, with
	// the last error: old values may be read until their TTL is over. It is called
	// on the goroutine of Delete, or of the retry, without locks. What it panics with
	// goes to the caller of Delete, or to OnPanic.
	OnDeleteLost func(key string, err error)
	// OnCorrupt is called for each value that Unmarshal refuses, before it is
	// deleted, on the goroutine of the load that found it, without locks.
	OnCorrupt func(key string, err error)
	// OnPanic is called with the panic of a load that all callers have left, or of
	// OnDeleteLost in a retry.
	// Without it, such a panic is logged once through slog.Default.
	OnPanic func(*weir.Panic)
}

// longest is 73 years, which Redis can count in milliseconds from now.
const longest = time.Duration(1 << 61)

// Validate returns what makes the options impossible, nil if nothing does.
func (o CacheOptions[V]) Validate() error {
	o = o.withDefaults()
	if (o.Client == nil) == (len(o.Nodes) == 0) {
		return errors.New("weirredis: CacheOptions needs either Client or Nodes")
	}
	if err := validateNodes(o.places()); err != nil {
		return err
	}
	switch {
	case o.TTL < 0:
		return errors.New("weirredis: CacheOptions.TTL must not be negative: nothing lives for ever")
	case !(o.Jitter < 1): // written so that NaN fails
		return errors.New("weirredis: CacheOptions.Jitter must be less than 1")
	case (o.Marshal == nil) != (o.Unmarshal == nil):
		return errors.New("weirredis: CacheOptions.Marshal and Unmarshal need each other")
	}
	if err := o.Breaker.Validate(); err != nil {
		return fmt.Errorf("weirredis: CacheOptions.Breaker: %w", err)
	}
	return nil
}

func validateNodes(nodes []CacheNode) error {
	seen := map[string]bool{}
	for i, n := range nodes {
		switch err := (StoreOptions{Client: n.Client}).Validate(); {
		case errors.Is(err, errNoClient):
			return fmt.Errorf("weirredis: CacheOptions.Nodes[%d] needs a Client", i)
		case err != nil:
			return errors.New("weirredis: clients of CacheOptions must be made with ContextTimeoutEnabled: " +
				"without it a slow server holds callers past their deadlines")
		case n.Name == "":
			return fmt.Errorf("weirredis: CacheOptions.Nodes[%d] needs a Name", i)
		case seen[n.Name]:
			return fmt.Errorf("weirredis: CacheOptions.Nodes has two of the name %q", n.Name)
		case n.Weight < 0:
			return fmt.Errorf("weirredis: CacheOptions.Nodes[%d].Weight must not be negative", i)
		}
		seen[n.Name] = true
	}
	return nil
}

// places returns the nodes, with their defaults.
func (o CacheOptions[V]) places() []CacheNode {
	if o.Client != nil {
		return []CacheNode{{Client: o.Client, Name: addrOr(o.Client, "redis"), Weight: 1}}
	}
	nodes := make([]CacheNode, len(o.Nodes))
	for i, n := range o.Nodes {
		if n.Name == "" {
			n.Name = addrOr(n.Client, "")
		}
		if n.Weight == 0 {
			n.Weight = 1
		}
		nodes[i] = n
	}
	return nodes
}

func addrOr(c redis.UniversalClient, def string) string {
	if c, ok := c.(*redis.Client); ok && c != nil {
		return c.Options().Addr
	}
	return def
}

func (o CacheOptions[V]) withDefaults() CacheOptions[V] {
	o.TTL = min(orDefault(o.TTL, 7*24*time.Hour), longest)
	if o.Jitter = orDefault(o.Jitter, 0.05); o.Jitter < 0 {
		o.Jitter = 0
	}
	o.NotFoundTTL = min(orDefault(o.NotFoundTTL, time.Minute), longest)
	o.Timeout = orDefault(o.Timeout, 500*time.Millisecond)
	o.MaxPendingDeletes = max(0, orDefault(o.MaxPendingDeletes, 100_000))
	if o.Breaker.Classify == nil {
		o.Breaker.Classify = classifyReply
	}
	if o.Marshal == nil && o.Unmarshal == nil {
		o.Marshal = func(v V) ([]byte, error) { return json.Marshal(v) }
		o.Unmarshal = fromJSON[V]
	}
	return o
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

func fromJSON[V any](data []byte) (v V, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return v, err
	}
	if _, err := d.Token(); err != io.EOF {
		return v, errTrailing
	}
	return v, nil
}

var errTrailing = errors.New("weirredis: there is more after the JSON value")
