package weiretcd

import (
	"context"
	"fmt"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/resolver"
)

// A Resolver tells gRPC's clients which instances of a service there are. It
// implements [resolver.Builder] for targets of the form
//
//	etcd:///services/orders
//
// which stands for all keys that begin with "services/orders/" (a fourth slash
// makes it "/services/orders/"). Give it to each client with
// [google.golang.org/grpc.WithResolvers]; nothing is registered globally.
//
// The value of each key is read by [ParseEndpoint]; one that makes no sense is
// counted, reported in [TargetStats], and skipped, unless the key had a good value
// before, which then stays. gRPC is given each address once, in order, with its
// weight; a balancer finds the metadata with [FromAttributes].
//
// For each client there is one goroutine, which lists the keys, watches them from
// there on, and asks every CheckEvery whether etcd still answers and has as many
// keys as were seen. If any of that fails, it begins anew, with waits that grow to
// 10 s; what gRPC was given last stays, also for a client that comes out of idleness
// meanwhile. Lists and checks are linearizable: an etcd without a majority is one
// that does not answer.
//
// An etcd that comes back without its data does not take the instances away: see
// [ResolverOptions.KeepLast].
//
// gRPC expects certificates to be made out to the target, "services%2Forders". Say
// what they are made out to with [google.golang.org/grpc.WithAuthority].
//
// Use NewResolver to make one; the zero value does not work. A Resolver is safe for
// concurrent use, serves any number of clients and targets, and has nothing to be
// closed: what it does for a client ends when that one is closed or idle.
type Resolver struct {
	client *clientv3.Client
	opts   ResolverOptions
	counts resolverCounts

	mu      sync.Mutex         // guards what follows
	targets map[string]*target // by prefix
	unused  int                // those among them that no client uses
}

// A target is what is known of a prefix beyond the life of a single client's
// resolver, since an idle client closes it.
type target struct {
	shown []Endpoint // handed out last
	at    mark
	users map[*follower]TargetStats
}

// maxUnused bounds what is remembered for clients that are gone.
const maxUnused = 100

// NewResolver returns a resolver that asks client, which it does not close. It
// panics if client is nil or o is impossible; see Validate.
func NewResolver(client *clientv3.Client, o ResolverOptions) *Resolver {
	if client == nil {
		panic("weiretcd: NewResolver needs a client")
	}
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	return &Resolver{client: client, opts: o.withDefaults(), targets: map[string]*target{}}
}

// Scheme returns "etcd".
func (r *Resolver) Scheme() string { return "etcd" }

// Build is called by gRPC. It does not wait for etcd.
func (r *Resolver) Build(t resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	name := t.Endpoint()
	u := t.URL
	if u.Host != "" || directory(name) == "/" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("weiretcd: target %s is not of the form etcd:///services/orders", short(u.String()))
	}
	f := &follower{
		r: r, cc: cc, prefix: directory(name),
		book: newBook(),
		now:  make(chan struct{}, 1),
		done: make(chan struct{}),
	}
	f.ctx, f.stop = context.WithCancel(context.Background())
	f.shown, f.at = r.join(f)
	go f.run()
	return f, nil
}

// join notes a user of a target, and returns what is known of it.
func (r *Resolver) join(f *follower) ([]Endpoint, mark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.targets[f.prefix]
	switch {
	case t == nil:
		t = &target{users: map[*follower]TargetStats{}}
		r.targets[f.prefix] = t
	case len(t.users) == 0:
		r.unused--
	}
	t.users[f] = TargetStats{}
	return t.shown, t.at
}

func (r *Resolver) leave(f *follower) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.targets[f.prefix]
	if delete(t.users, f); len(t.users) > 0 {
		return
	}
	if r.unused++; r.unused <= maxUnused {
		return
	}
	for prefix, t := range r.targets {
		if len(t.users) == 0 {
			delete(r.targets, prefix)
			r.unused--
			return
		}
	}
}

// note keeps what a follower knows for Stats, and for those who come after it.
func (r *Resolver) note(f *follower) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.targets[f.prefix]
	t.users[f] = f.state
	if f.handed {
		t.shown = f.shown
	}
	if f.at.something {
		t.at = f.at
	}
}
