package weiretcd

import (
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/panics"
)

// RegistrarStats is a snapshot of a [Registrar].
type RegistrarStats struct {
	// Registered says that the instance is announced, as far as the registrar
	// knows: until it learns that its lease is lost. It is also true while another
	// process has the key.
	Registered bool
	Since      time.Time // Registered is what it is
	Lease      int64     // the ID of the lease; 0 if not Registered
	// LastError is the last failure, nil if there was none. It stays when all is
	// well again.
	LastError error

	// Counters that only grow.
	Registrations uint64 // how often the instance became registered
	Writes        uint64 // of the key
	Failures      uint64 // to register, or to stay so
	Panics        uint64 // of OnChange
}

// Stats returns a snapshot.
func (r *Registrar) Stats() RegistrarStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// Metrics implements [weir.Source].
func (r *Registrar) Metrics(yield func(weir.Metric) bool) {
	st := r.Stats()
	labels := []weir.Label{{Name: "key", Value: r.key}}
	for _, m := range [...]weir.Metric{
		{Name: "weir_etcd_registered", Help: "1 if the instance is registered.", Labels: labels, Value: one(st.Registered)},
		{Name: "weir_etcd_registrations_total", Help: "How often the instance became registered.", Kind: weir.Counter, Labels: labels, Value: float64(st.Registrations)},
		{Name: "weir_etcd_writes_total", Help: "How often the key was written.", Kind: weir.Counter, Labels: labels, Value: float64(st.Writes)},
		{Name: "weir_etcd_registrar_failures_total", Help: "Failures to register, or to stay so.", Kind: weir.Counter, Labels: labels, Value: float64(st.Failures)},
	} {
		if !yield(m) {
			return
		}
	}
}

func (r *Registrar) isRunning() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running
}

func (r *Registrar) setRunning() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = true
}

// want notes what is to be announced, and returns its version and whether there is
// a goroutine to announce it.
func (r *Registrar) want(value string) (version uint64, running bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.value = value
	r.wanted++
	return r.wanted, r.running
}

func (r *Registrar) wants() (value string, version uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.value, r.wanted
}

// has returns the version that etcd has, and a channel that is closed when it has
// another.
func (r *Registrar) has() (version uint64, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.written, r.changed
}

func (r *Registrar) hasWritten(version uint64) bool {
	written, _ := r.has()
	return written >= version
}

func (r *Registrar) wroteVersion(version uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Writes++
	r.written = version
	close(r.changed)
	r.changed = make(chan struct{})
}

// registered notes the lease under which the key is now, and returns the one under
// which it was.
func (r *Registrar) registered(id clientv3.LeaseID) (old clientv3.LeaseID) {
	r.mu.Lock()
	old, r.lease = r.lease, id
	r.stats.Registrations++
	r.stats.Lease = int64(id)
	tell := r.turnLocked(true)
	r.mu.Unlock()
	tell()
	return old
}

// failed notes an attempt that came to nothing.
func (r *Registrar) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Failures++
	r.stats.LastError = err
}

// gone notes that the instance is not registered any more: because of err, or
// because Close has revoked the lease, if err is nil.
func (r *Registrar) gone(err error) {
	r.mu.Lock()
	if err != nil {
		r.stats.Failures++
		r.stats.LastError = err
	} else {
		r.lease = clientv3.NoLease
	}
	r.stats.Lease = 0
	tell := r.turnLocked(false)
	r.mu.Unlock()
	tell()
}

// turnLocked notes whether the instance is registered. The caller holds mu, and
// calls what it returns without.
func (r *Registrar) turnLocked(registered bool) (tell func()) {
	if r.stats.Registered == registered {
		return func() {}
	}
	r.stats.Registered, r.stats.Since = registered, time.Now()
	st := r.stats
	return func() { r.tell(st) }
}

// tell calls OnChange, whose panics must cost neither the process nor the instance.
func (r *Registrar) tell(st RegistrarStats) {
	if r.opts.OnChange == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			r.panicked(weir.CaughtPanic(v))
		}
	}()
	r.opts.OnChange(st)
}

func (r *Registrar) panicked(p *weir.Panic) {
	r.mu.Lock()
	r.stats.Panics++
	r.mu.Unlock()
	if r.opts.OnPanic != nil {
		r.opts.OnPanic(p)
		return
	}
	panics.Log("weiretcd: panic in OnChange", p.Value, p.Stack)
}
