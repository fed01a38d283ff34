package syncx

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

var (
	errNoResource = errors.New("syncx: a create has returned nil, and no error")
	errExited     = errors.New("syncx: the Close of a resource has ended its goroutine")
)

const unequalKey = "syncx: a key of ResourceManager does not equal itself, as NaN does not"

// A ResourceManager keeps one resource for each key, such as a client for each
// host, from when it is first asked for until it is closed.
//
// The zero value is ready. It must not be copied after first use. All methods are
// safe for concurrent use, and user code is called without any lock.
//
// However many ask for a key, one resource at a time is created for it; a caller
// whose context ends leaves at once, and the others stay. An error goes to all who
// wait and is not remembered. If create panics or calls [runtime.Goexit], so do all
// who wait for it. One that asks for its own key, with its own context, gets
// [ErrRecursive]. Nothing is created or closed twice: a resource belongs to the
// manager until it is removed, and what was created in vain, because the key was
// taken meanwhile or the manager closed, is closed at once.
//
// A Get of what is there takes a short lock. A key must equal itself, else Get and
// Inject panic. There is no goroutine but that of a create, and those of Close.
type ResourceManager[K comparable, V io.Closer] struct {
	// Name tells this manager apart in metrics. It must be set before first use.
	Name string

	// OnPanic, if set, is called with the panic of a create that all callers had
	// left before, on the goroutine of that create. Without it such a panic is
	// logged once through slog.Default. It must be set before first use.
	OnPanic func(*weir.Panic)

	prepare sync.Once
	flights SingleFlight[K, *V]

	mu        sync.Mutex // guards what follows
	resources map[K]*V   // told apart by their addresses
	busy      int        // creates that run, and resources that Close closes
	closed    bool
	empty     chan struct{} // made by Close; closed when nothing is busy any more
	errs      []error       // of what was closed with nobody to tell but Close
}

// Get returns the resource of key, and creates it if there is none. The context of
// create is that of a load of a [SingleFlight]. Get returns the error of ctx once
// that is done, the error of create, or [ErrClosed]. It panics if create is nil.
func (m *ResourceManager[K, V]) Get(ctx context.Context, key K, create func(context.Context) (V, error)) (v V, err error) {
	if create == nil {
		panic("syncx: ResourceManager has no nil create to call")
	}
	if err := ctxerr.Err(ctx); err != nil {
		return v, err
	}
	if r, err := m.look(key); r != nil || err != nil {
		return valueOf(r), err
	}
	if same := key; key != same {
		panic(unequalKey)
	}
	m.prepare.Do(func() { m.flights.OnPanic = m.OnPanic })
	return m.load(ctx, key, create)
}

func valueOf[V any](r *V) (v V) {
	if r != nil {
		v = *r
	}
	return v
}

// load is Get when there is nothing.
func (m *ResourceManager[K, V]) load(ctx context.Context, key K, create func(context.Context) (V, error)) (V, error) {
	for {
		r, fresh, err := m.flights.DoEx(ctx, key, func(ctx context.Context) (*V, error) { return m.create(ctx, key, create) })
		if fresh || err != nil {
			return valueOf(r), err
		}
		// Who joins another caller may do so when the resource is there already,
		// and has been closed, removed or replaced.
		now, err := m.look(key)
		if now == r || err != nil {
			return valueOf(now), err
		}
	}
}

// look returns what is there for key, or nil.
func (m *ResourceManager[K, V]) look(key K) (*V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lookLocked(key)
}

func (m *ResourceManager[K, V]) lookLocked(key K) (*V, error) {
	if m.closed {
		return nil, ErrClosed
	}
	return m.resources[key], nil
}

// create is run by one caller of a key at a time, but for those that all have left.
func (m *ResourceManager[K, V]) create(ctx context.Context, key K, create func(context.Context) (V, error)) (*V, error) {
	if r, err := m.begin(key); r != nil || err != nil {
		return r, err
	}
	defer m.end()
	v, err := create(ctx)
	if err == nil && any(v) == nil {
		err = errNoResource
	}
	if err != nil {
		return nil, err
	}
	return m.keep(key, &v)
}

// begin looks once more for what may be there by now. If it is not, a create
// begins.
func (m *ResourceManager[K, V]) begin(key K) (*V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.lookLocked(key)
	if r == nil && err == nil {
		m.busy++
	}
	return r, err
}

func (m *ResourceManager[K, V]) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy--
	m.emptyLocked()
}

func (m *ResourceManager[K, V]) emptyLocked() {
	if m.closed && m.busy == 0 {
		close(m.empty)
	}
}

// keep makes r the resource of key, unless there is one, or never will be.
func (m *ResourceManager[K, V]) keep(key K, r *V) (*V, error) {
	m.mu.Lock()
	first, err := m.lookLocked(key)
	if first == nil && err == nil {
		m.setLocked(key, r)
		m.mu.Unlock()
		return r, nil
	}
	m.mu.Unlock()
	m.closeOne(*r)
	return first, err
}

func (m *ResourceManager[K, V]) setLocked(key K, r *V) {
	if m.resources == nil {
		m.resources = make(map[K]*V)
	}
	m.resources[key] = r
}

// Inject makes v the resource of key. What was there before, if anything, belongs
// to the caller from then on. After Close it returns [ErrClosed], and v stays the
// caller's, too. It panics if v is nil.
func (m *ResourceManager[K, V]) Inject(key K, v V) (old V, replaced bool, err error) {
	if any(v) == nil {
		panic("syncx: ResourceManager cannot keep a nil resource")
	}
	if same := key; key != same {
		panic(unequalKey)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	before, err := m.lookLocked(key)
	if err != nil {
		return old, false, err
	}
	m.setLocked(key, &v)
	return valueOf(before), before != nil, nil
}

// Remove takes out the resource of key, which belongs to the caller from then on.
// It is false if there is none. A create that is under way is not concerned.
func (m *ResourceManager[K, V]) Remove(key K) (v V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.resources[key]
	delete(m.resources, key)
	return valueOf(r), r != nil
}

// CloseKey takes out the resource of key and closes it. It returns the error of
// that, nil if there is none. The next Get creates another one.
func (m *ResourceManager[K, V]) CloseKey(key K) error {
	if v, ok := m.Remove(key); ok {
		return v.Close()
	}
	return nil
}
