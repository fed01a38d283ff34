package weiretcd

import (
	"context"
	"errors"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// put writes the key, unless another process has it. Then there is nothing to do
// until the watch tells that it is gone. The first registration takes it whoever
// has it: as a rule, that is who was at this address before.
func (s *session) put(ctx context.Context) error {
	if !s.r.isRunning() {
		return s.write(ctx)
	}
	r, err := get(ctx, s.r.client, s.r.key, s.r.opts.Timeout)
	if errors.Is(err, rpctypes.ErrPermissionDenied) {
		return s.write(ctx) // whose it is, it will never know
	}
	if err != nil {
		return err
	}
	s.rev = r.Header.GetRevision()
	if len(r.Kvs) == 0 {
		return s.write(ctx, s.unchangedSince(0))
	}
	if s.r.owns(r.Kvs[0]) {
		return s.write(ctx, s.unchangedSince(r.Kvs[0].ModRevision))
	}
	return nil
}

func (s *session) unchangedSince(rev int64) clientv3.Cmp {
	return clientv3.Compare(clientv3.ModRevision(s.r.key), "=", rev)
}

// write writes the key if the conditions hold. If they do not, somebody was faster,
// and the watch tells of what is to be done.
func (s *session) write(ctx context.Context, conditions ...clientv3.Cmp) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.r.opts.Timeout, errNoAnswer)
	defer cancel()
	value, version := s.r.wants()
	put := clientv3.OpPut(s.r.key, value, clientv3.WithLease(s.lease))
	resp, err := s.r.client.Txn(ctx).If(conditions...).Then(put).Commit()
	if err != nil {
		return explain(ctx, err)
	}
	if !resp.Succeeded {
		return nil
	}
	s.wrote, s.rev = time.Now(), resp.Header.GetRevision()
	s.again.Stop()
	s.r.wroteVersion(version)
	return nil
}

// owns reports whether the key is under a lease of ours: the last one, or one of an
// attempt that seemed to fail.
func (r *Registrar) owns(kv *mvccpb.KeyValue) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := clientv3.LeaseID(kv.Lease)
	return id != clientv3.NoLease && (id == r.lease || id == r.attempt)
}

// tried notes that the key may be under this lease, though nobody has said so.
func (r *Registrar) tried(id clientv3.LeaseID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempt = id
}
