package weiretcd_test

import (
	"context"
	"errors"
	"reflect"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// A fakeTxn writes keys if they are as old as its conditions say.
type fakeTxn struct {
	clientv3.Txn
	etcd *fake
	ctx  context.Context
	cmps []clientv3.Cmp
	ops  []clientv3.Op
}

func (e *fake) Txn(ctx context.Context) clientv3.Txn { return &fakeTxn{etcd: e, ctx: ctx} }

func (t *fakeTxn) If(cmps ...clientv3.Cmp) clientv3.Txn {
	t.cmps = cmps
	return t
}

func (t *fakeTxn) Then(ops ...clientv3.Op) clientv3.Txn {
	t.ops = ops
	return t
}

func (t *fakeTxn) Commit() (*clientv3.TxnResponse, error) {
	if err := t.etcd.answers(t.ctx, "put"); err != nil {
		return nil, err
	}
	t.etcd.mu.Lock()
	defer t.etcd.mu.Unlock()
	return t.etcd.commitLocked(t)
}

func (e *fake) commitLocked(t *fakeTxn) (*clientv3.TxnResponse, error) {
	for _, c := range t.cmps {
		if e.keys[string(c.KeyBytes())].GetModRevision() != c.GetCompare().GetModRevision() {
			return &clientv3.TxnResponse{Header: e.headerLocked()}, nil
		}
	}
	for _, op := range t.ops {
		lease := reflect.ValueOf(op).FieldByName("leaseID").Int()
		if lease != 0 && e.leases[clientv3.LeaseID(lease)] == nil {
			return nil, rpctypes.ErrLeaseNotFound
		}
		e.putLocked(string(op.KeyBytes()), string(op.ValueBytes()), lease)
	}
	if e.lose > 0 {
		e.lose--
		return nil, errors.New("etcdserver: request timed out")
	}
	return &clientv3.TxnResponse{Header: e.headerLocked(), Succeeded: true}, nil
}
