package weiretcd_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/metadata"
)

// A fake is an etcd in memory, as clients see it. Its watches behave as those of the
// real client: when etcd is gone they stay open in silence, and resume when it is
// back.
type fake struct {
	clientv3.KV
	clientv3.Watcher
	clientv3.Lease

	mu        sync.Mutex
	header    etcdserverpb.ResponseHeader
	keys      map[string]*mvccpb.KeyValue
	history   []*clientv3.Event
	compacted int64
	leases    map[clientv3.LeaseID]*fakeLease
	lastLease clientv3.LeaseID
	changed   chan struct{} // closed and replaced with every change of anything
	down      chan struct{} // nil while it answers; closed when it does again
	deny      func(op string) error
	gets      int // without counts
	grants    int
	hooked    func(op string) // called before each answer
	late      time.Duration   // that the answers of counts take to arrive
	lose      int             // so many answers to writes get lost
}

type fakeLease struct {
	ttl    time.Duration
	expiry *time.Timer
	ended  chan struct{}
}

func newFake() (*fake, *clientv3.Client) {
	e := &fake{changed: make(chan struct{})}
	e.wipeLocked()
	c := clientv3.NewCtxClient(context.Background())
	c.KV, c.Watcher, c.Lease = e, e, e
	return e, c
}

func (e *fake) wipeLocked() {
	for _, l := range e.leases {
		l.expiry.Stop()
		close(l.ended)
	}
	e.header = etcdserverpb.ResponseHeader{ClusterId: 7, RaftTerm: 2, Revision: 1}
	e.keys = map[string]*mvccpb.KeyValue{}
	e.leases = map[clientv3.LeaseID]*fakeLease{}
	e.history, e.compacted = nil, 0
	e.tellLocked()
}

// wipe makes it a fresh etcd.
func (e *fake) wipe() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wipeLocked()
}

// stop makes it answer nobody until start.
func (e *fake) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down = make(chan struct{})
}

func (e *fake) start() {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.down)
	e.down = nil
	for _, l := range e.leases { // as a new leader does
		l.expiry.Reset(l.ttl)
	}
}

func (e *fake) compact() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.compacted = e.header.Revision
	e.tellLocked()
}

func (e *fake) denying(deny func(op string) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deny = deny
}

func (e *fake) tellLocked() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// answers waits while etcd is down.
func (e *fake) answers(ctx context.Context, op string) error {
	for {
		e.mu.Lock()
		down, deny, hooked := e.down, e.deny, e.hooked
		e.mu.Unlock()
		if err := ctx.Err(); err != nil {
			return err
		}
		if down == nil {
			if hooked != nil {
				hooked(op)
			}
			if deny != nil {
				return deny(op)
			}
			return nil
		}
		select {
		case <-down:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *fake) headerLocked() *etcdserverpb.ResponseHeader {
	return &etcdserverpb.ResponseHeader{ClusterId: e.header.ClusterId, RaftTerm: e.header.RaftTerm, Revision: e.header.Revision}
}

func inRange(op clientv3.Op, key string) bool {
	if end := op.RangeBytes(); end != nil {
		return key >= string(op.KeyBytes()) && key < string(end)
	}
	return key == string(op.KeyBytes())
}

func (e *fake) Get(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	op := clientv3.OpGet(key, opts...)
	name := "get"
	if op.IsCountOnly() {
		name = "count"
	}
	if err := e.answers(ctx, name); err != nil {
		return nil, err
	}
	r, err := e.read(op)
	if op.IsCountOnly() {
		time.Sleep(e.late)
	}
	return r, err
}

func (e *fake) read(op clientv3.Op) (*clientv3.GetResponse, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if op.Rev() > 0 && op.Rev() < e.compacted {
		return nil, rpctypes.ErrCompacted
	}
	r := &clientv3.GetResponse{Header: e.headerLocked()}
	for _, k := range e.keys {
		if inRange(op, string(k.Key)) {
			r.Kvs = append(r.Kvs, k)
		}
	}
	r.Count = int64(len(r.Kvs))
	if op.IsCountOnly() {
		r.Kvs = nil
		return r, nil
	}
	e.gets++
	slices.SortFunc(r.Kvs, func(x, y *mvccpb.KeyValue) int { return cmp.Compare(string(x.Key), string(y.Key)) })
	if n := op.Limit(); n > 0 && int64(len(r.Kvs)) > n {
		r.Kvs, r.More = r.Kvs[:n], true
	}
	return r, nil
}

func (e *fake) putLocked(key, value string, lease int64) {
	e.header.Revision++
	kv := &mvccpb.KeyValue{Key: []byte(key), Value: []byte(value), ModRevision: e.header.Revision, Lease: lease}
	e.keys[key] = kv
	e.history = append(e.history, &clientv3.Event{Type: clientv3.EventTypePut, Kv: kv})
	e.tellLocked()
}

func (e *fake) Delete(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.DeleteResponse, error) {
	op := clientv3.OpDelete(key, opts...)
	if err := e.answers(ctx, "delete"); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deleteLocked(func(kv *mvccpb.KeyValue) bool { return inRange(op, string(kv.Key)) })
	return &clientv3.DeleteResponse{Header: e.headerLocked()}, nil
}

func (e *fake) deleteLocked(which func(*mvccpb.KeyValue) bool) {
	e.header.Revision++
	for key, kv := range e.keys {
		if which(kv) {
			delete(e.keys, key)
			e.history = append(e.history, &clientv3.Event{Type: clientv3.EventTypeDelete,
				Kv: &mvccpb.KeyValue{Key: []byte(key), ModRevision: e.header.Revision}})
		}
	}
	e.tellLocked()
}

func (e *fake) Watch(ctx context.Context, key string, opts ...clientv3.OpOption) clientv3.WatchChan {
	op := clientv3.OpGet(key, opts...)
	out := make(chan clientv3.WatchResponse)
	if md, _ := metadata.FromOutgoingContext(ctx); md.Get(rpctypes.MetadataRequireLeaderKey) == nil {
		panic("a watch that does not require a leader is silent on the wrong side of a partition")
	}
	if err := e.answers(ctx, "watch"); err != nil {
		refused := make(chan clientv3.WatchResponse, 1)
		if ctx.Err() == nil {
			refused <- clientv3.WatchResponse{Canceled: true, CancelReason: err.Error()}
		}
		close(refused)
		return refused
	}
	go func() {
		defer close(out)
		next := op.Rev()
		for e.answers(ctx, "") == nil || ctx.Err() == nil {
			r, changed := e.since(op, &next)
			if len(r.Events) > 0 || r.CompactRevision != 0 {
				select {
				case out <- r:
				case <-ctx.Done():
					return
				}
				if r.CompactRevision != 0 {
					return
				}
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func (e *fake) since(op clientv3.Op, next *int64) (r clientv3.WatchResponse, changed chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r.Header = e.headerLocked()
	if *next <= e.compacted {
		r.CompactRevision = e.compacted + 1
		return r, e.changed
	}
	for _, ev := range e.history {
		if ev.Kv.ModRevision >= *next && inRange(op, string(ev.Kv.Key)) {
			r.Events = append(r.Events, ev)
		}
	}
	*next = max(*next, e.header.Revision+1)
	return r, e.changed
}

func (e *fake) Grant(ctx context.Context, ttl int64) (*clientv3.LeaseGrantResponse, error) {
	if err := e.answers(ctx, "grant"); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.grants++
	e.lastLease++
	id := e.lastLease
	l := &fakeLease{ttl: time.Duration(ttl) * time.Second, ended: make(chan struct{})}
	l.expiry = time.AfterFunc(l.ttl, func() { e.endLease(id) })
	e.leases[id] = l
	return &clientv3.LeaseGrantResponse{ID: id, TTL: ttl}, nil
}

func (e *fake) endLease(id clientv3.LeaseID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.leases[id]
	if l == nil || e.down != nil {
		return false
	}
	delete(e.leases, id)
	l.expiry.Stop()
	close(l.ended)
	e.deleteLocked(func(kv *mvccpb.KeyValue) bool { return kv.Lease == int64(id) })
	return true
}

func (e *fake) Revoke(ctx context.Context, id clientv3.LeaseID) (*clientv3.LeaseRevokeResponse, error) {
	if err := e.answers(ctx, "revoke"); err != nil {
		return nil, err
	}
	if !e.endLease(id) {
		return nil, rpctypes.ErrLeaseNotFound
	}
	return &clientv3.LeaseRevokeResponse{}, nil
}

// KeepAlive closes the channel as the real client does: when there was no answer for
// the TTL, or the answer is that there is no lease.
func (e *fake) KeepAlive(ctx context.Context, id clientv3.LeaseID) (<-chan *clientv3.LeaseKeepAliveResponse, error) {
	e.mu.Lock()
	l := e.leases[id]
	e.mu.Unlock()
	out := make(chan *clientv3.LeaseKeepAliveResponse, 16)
	go func() {
		defer close(out)
		for l != nil {
			beat, cancel := context.WithTimeout(ctx, l.ttl)
			err := e.answers(beat, "keepalive")
			cancel()
			if err != nil {
				return
			}
			select {
			case <-l.ended:
				return
			default:
			}
			e.mu.Lock()
			l.expiry.Reset(l.ttl)
			e.mu.Unlock()
			select {
			case out <- &clientv3.LeaseKeepAliveResponse{ID: id}:
			default:
			}
			select {
			case <-time.After(l.ttl / 3):
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func (e *fake) Close() error { return nil }

// set and unset are what somebody else does to the keys.
func (e *fake) set(key, value string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.putLocked(key, value, 0)
}

func (e *fake) unset(prefix string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deleteLocked(func(kv *mvccpb.KeyValue) bool { return strings.HasPrefix(string(kv.Key), prefix) })
}

// value returns the value of a key, "" if there is none.
func (e *fake) value(key string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if kv := e.keys[key]; kv != nil {
		return string(kv.Value)
	}
	return ""
}

func (e *fake) leaseCount() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.leases)
}
