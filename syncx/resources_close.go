package syncx

import (
	"context"
	"errors"
	"fmt"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

// Close ends the manager. From its start, Get and Inject return [ErrClosed]. It
// closes all resources, side by side, and waits for that and for what is being
// created, which is closed, too. It returns all their errors, joined; a panic is
// one of them, as a [*weir.Panic]. If ctx is done before, it returns an error that
// is the one of ctx and says how many are left; they are closed all the same. It
// may be called again, and at the same time: each call waits, and returns the same
// errors. A create that calls it waits for ctx.
func (m *ResourceManager[K, V]) Close(ctx context.Context) error {
	for _, r := range m.takeAll() {
		go func() {
			defer m.end()
			m.closeOne(*r)
		}()
	}
	select {
	case <-m.empty:
		return m.joined()
	case <-ctx.Done():
	}
	m.mu.Lock()
	left := m.busy
	m.mu.Unlock()
	if left == 0 {
		return m.joined()
	}
	return fmt.Errorf("syncx: closing a ResourceManager: %d left: %w", left, ctxerr.Err(ctx))
}

// takeAll closes m for newcomers and returns what is to be closed, which only the
// first call has.
func (m *ResourceManager[K, V]) takeAll() map[K]*V {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed, m.empty = true, make(chan struct{})
	all := m.resources
	m.resources = nil
	m.busy += len(all)
	m.emptyLocked()
	return all
}

func (m *ResourceManager[K, V]) joined() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return errors.Join(m.errs...)
}

// closeOne closes v and leaves to Close what comes of it.
func (m *ResourceManager[K, V]) closeOne(v V) {
	err := errExited // what it is if Close neither returns nor panics
	defer func() {
		if err == errExited {
			if p := recover(); p != nil {
				err = weir.CaughtPanic(p)
			}
		}
		if err != nil {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.errs = append(m.errs, err)
		}
	}()
	err = v.Close()
}
