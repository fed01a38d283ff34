package balance

import (
	"encoding/json"
	"sync"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"
)

// The names by which service configs call the balancers.
const (
	P2C            = "p2c_ewma"
	ConsistentHash = "consistent_hash"
)

// A Builder builds the balancers of one name, for as many connections as like. It
// is a [balancer.Builder] that tells how its balancers fare; see Nodes and Metrics.
// It is made by [RegisterP2C] and the other functions of this package; the zero
// value is of no use. All methods may be called concurrently.
type Builder struct {
	name   string
	opts   HashOptions
	random func() uint64

	mu   sync.Mutex
	live map[*policy]struct{} // guarded by mu
}

// RegisterP2C makes p2c_ewma known to gRPC with these options, in place of what
// may have had that name. As all that registers with gRPC it must be called while
// the program starts, before the first client is made. It panics if o is
// impossible; see Validate.
func RegisterP2C(o P2COptions) *Builder { return register(NewP2C(o)) }

// RegisterConsistentHash makes consistent_hash known to gRPC with these options;
// what is said of [RegisterP2C] holds.
func RegisterConsistentHash(o HashOptions) *Builder { return register(NewConsistentHash(o)) }

func register(b *Builder) *Builder {
	balancer.Register(b)
	return b
}

// NewP2C is RegisterP2C without the registration, for balancers that are made of
// others. It panics if o is impossible; see Validate.
func NewP2C(o P2COptions) *Builder {
	// Without a bound nothing keeps calls by key, which p2c_ewma has not.
	return newBuilder(P2C, HashOptions{Load: -1, P2C: o})
}

// NewConsistentHash is RegisterConsistentHash without the registration. It panics
// if o is impossible; see Validate.
func NewConsistentHash(o HashOptions) *Builder { return newBuilder(ConsistentHash, o) }

func newBuilder(name string, o HashOptions) *Builder {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	return &Builder{name: name, opts: o, random: random, live: map[*policy]struct{}{}}
}

// Name implements [balancer.Builder].
func (b *Builder) Name() string { return b.name }

// ParseConfig implements [balancer.ConfigParser].
func (b *Builder) ParseConfig(raw json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	return parse(raw, b.opts)
}

// Build implements [balancer.Builder].
func (b *Builder) Build(cc balancer.ClientConn, o balancer.BuildOptions) balancer.Balancer {
	p := newPolicy(b, cc, o)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live[p] = struct{}{}
	return p
}

// forget is called when a balancer is closed.
func (b *Builder) forget(p *policy) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.live, p)
}
