package weiretcd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/weirgo/weir/internal/ctxerr"
)

// ErrClosed is what a [Registrar] returns once it is closed.
var ErrClosed = errors.New("weiretcd: registrar closed")

// A Registrar announces one instance of a service in etcd: under a key that goes
// when the instance has given no sign of life for TTL.
//
// Once Register has returned nil, one goroutine gives that sign, and registers the
// instance anew as soon as it can when it was lost: when etcd was away for longer
// than TTL, when it has lost its data, when the lease was revoked, when somebody
// deleted the key. It tries again after 50 to 100 ms, and after waits that grow to
// 10 s. Every three TTL it looks whether the key is there, should nothing have told.
//
// If another process writes the key, that one has it: the registrar does not fight,
// and writes it anew only once it is gone, be it after Update or after an outage. It
// is registered all the same, and ready to. Only its first registration takes the
// key over, whoever has it.
//
// Where etcd asks for permissions, it needs to write the key, and should be able to
// read it: without that, it cannot tell whose the key is, and takes it whenever it
// writes. A Resolver reads all keys of its targets.
//
// Use NewRegistrar to make one; the zero value does not work. A Registrar is safe
// for concurrent use and must not be copied. Close it: only then do clients learn
// at once that the instance is gone.
type Registrar struct {
	client *clientv3.Client
	opts   RegistrarOptions
	key    string

	life context.Context // ended by Close, with ErrClosed
	end  context.CancelCauseFunc
	turn chan struct{}  // of who registers or closes; room for one
	kick chan struct{}  // there is another value; room for one
	work sync.WaitGroup // the goroutine, and what gives leases back

	mu      sync.Mutex // guards what follows
	value   string
	wanted  uint64        // counts values
	written uint64        // of them, the one that etcd has
	changed chan struct{} // closed and replaced when written grows
	running bool
	lease   clientv3.LeaseID // of the last session
	attempt clientv3.LeaseID // of the last attempt to begin one that failed
	stats   RegistrarStats
}

// NewRegistrar returns a registrar that writes through client, which it does not
// close. It panics if client is nil or o is impossible; see Validate. It does not
// ask etcd for anything yet.
func NewRegistrar(client *clientv3.Client, o RegistrarOptions) *Registrar {
	if client == nil {
		panic("weiretcd: NewRegistrar needs a client")
	}
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	o = o.withDefaults()
	r := &Registrar{
		client: client, opts: o, key: directory(o.Prefix) + o.ID,
		turn:    make(chan struct{}, 1),
		kick:    make(chan struct{}, 1),
		value:   o.value(o.Endpoint),
		wanted:  1,
		changed: make(chan struct{}),
	}
	r.life, r.end = context.WithCancelCause(context.Background())
	r.stats.Since = time.Now()
	return r
}

// Key returns the key under which the instance is announced.
func (r *Registrar) Key() string { return r.key }

// Register announces the instance. It tries until etcd has taken it; until ctx is
// done, of which it then returns the error, while [RegistrarStats.LastError] has
// that of etcd; or until Close, and then returns [ErrClosed]. If it fails, it gives
// back what it has taken, and can be called again. A server that is to start
// without etcd calls it on a goroutine of its own. If the instance is announced,
// or was and will be again, Register returns nil.
func (r *Registrar) Register(ctx context.Context) error {
	if err := r.takeTurn(ctx, r.life); err != nil {
		return err
	}
	defer func() { <-r.turn }()
	if r.isRunning() {
		return nil
	}
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.life, cancel)()
	var again retry
	var last error
	for {
		began := time.Now()
		s, err := r.begin(both)
		if err == nil {
			r.setRunning()
			r.work.Go(func() { r.run(s) })
			return nil
		}
		if both.Err() == nil {
			last = err
		} else if last == nil {
			last = fmt.Errorf("%w: %w", errNoAnswer, err)
		}
		r.failed(last)
		if !sleep(both, again.wait(time.Since(began))) {
			return over(ctx, r.life)
		}
		wake(r.client)
	}
}

// over returns why one of two contexts is done. The life comes first.
func over(ctx, life context.Context) error {
	if life.Err() != nil {
		return ErrClosed
	}
	return ctxerr.Err(ctx)
}

// takeTurn waits until nobody else registers or closes, as long as both live.
func (r *Registrar) takeTurn(ctx, life context.Context) error {
	if err := over(ctx, life); err != nil {
		return err
	}
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return ctxerr.Err(ctx)
	case <-life.Done():
		return ErrClosed
	}
	if err := over(ctx, life); err != nil {
		<-r.turn
		return err
	}
	return nil
}

// Update announces another endpoint under the same key. It returns nil once etcd
// has it; if ctx is done before, its error, but the registrar does not give up. If
// the instance is not announced yet, Register will announce e; if another process
// has the key, it waits until the key is gone.
func (r *Registrar) Update(ctx context.Context, e Endpoint) error {
	if err := r.opts.validate(e); err != nil {
		return err
	}
	if err := over(ctx, r.life); err != nil {
		return err
	}
	mine, running := r.want(r.opts.value(e))
	if !running {
		return nil
	}
	select {
	case r.kick <- struct{}{}:
	default:
	}
	for {
		written, changed := r.has()
		if written >= mine {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctxerr.Err(ctx)
		case <-r.life.Done():
			return ErrClosed
		}
	}
}

// Close takes the instance away from etcd: no more is announced from its beginning
// on, and it returns nil when the key is gone, unless another process has it. If ctx
// is done before, or etcd fails, it returns that error; then the key goes with its
// TTL, or with another Close. It waits for the registrar's goroutine.
func (r *Registrar) Close(ctx context.Context) error {
	r.end(ErrClosed)
	// A done ctx must not keep the goroutine: it has been told.
	if err := r.takeTurn(ctx, context.Background()); err != nil {
		return err
	}
	defer func() { <-r.turn }()
	if err := r.wait(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	lease := r.lease
	r.mu.Unlock()
	if lease == clientv3.NoLease {
		return nil
	}
	if err := r.revoke(ctx, lease); err != nil {
		if ctx.Err() != nil {
			return ctxerr.Err(ctx)
		}
		return fmt.Errorf("weiretcd: key %s stays until its TTL is over: %w", r.key, err)
	}
	r.gone(nil)
	return nil
}

// wait waits for what the registrar has begun.
func (r *Registrar) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.work.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctxerr.Err(ctx)
	}
}

// revoke is content if there is no such lease any more.
func (r *Registrar) revoke(ctx context.Context, id clientv3.LeaseID) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.opts.Timeout, errNoAnswer)
	defer cancel()
	if _, err := r.client.Revoke(ctx, id); !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		return explain(ctx, err)
	}
	return nil
}
