package weiretcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/connectivity"
)

var (
	errNoAnswer  = errors.New("weiretcd: etcd does not answer")
	errWatchOver = errors.New("weiretcd: the watch has ended")
)

// directory returns what the keys of a service begin with.
func directory(name string) string { return strings.TrimSuffix(name, "/") + "/" }

// pair is a key, its value, and the revision at which it was written last.
type pair struct {
	key   string
	value []byte
	rev   int64
}

// A mark is how far the history of an etcd has come. It only goes forward, unless
// etcd has lost data or is another one.
type mark struct {
	cluster   uint64
	term      uint64
	rev       int64
	something bool // false for the zero mark
}

func markOf(r *clientv3.GetResponse) mark {
	return mark{r.Header.GetClusterId(), r.Header.GetRaftTerm(), r.Header.GetRevision(), true}
}

// lostSince reports whether an etcd that was at m before and is at now has lost
// data in between.
func (m mark) lostSince(now mark) bool {
	return m.something && (now.cluster != m.cluster || now.term < m.term || now.rev < m.rev)
}

// pageSize keeps an answer well below the sizes that etcd and gRPC allow for.
const pageSize = 500

// list reads all keys under prefix as of one revision. No page may take longer than
// timeout.
func list(ctx context.Context, client *clientv3.Client, prefix string, timeout time.Duration) (pairs []pair, at mark, err error) {
	opts := []clientv3.OpOption{clientv3.WithRange(clientv3.GetPrefixRangeEnd(prefix)), clientv3.WithLimit(pageSize)}
	for from := prefix; ; {
		r, err := get(ctx, client, from, timeout, opts...)
		if err != nil {
			return nil, mark{}, err
		}
		if from == prefix {
			at = markOf(r)
			opts = append(opts, clientv3.WithRev(at.rev))
		}
		for _, kv := range r.Kvs {
			pairs = append(pairs, pair{string(kv.Key), kv.Value, kv.ModRevision})
		}
		if !r.More || len(r.Kvs) == 0 {
			return pairs, at, nil
		}
		from = pairs[len(pairs)-1].key + "\x00"
	}
}

func get(ctx context.Context, client *clientv3.Client, key string, timeout time.Duration, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errNoAnswer)
	defer cancel()
	r, err := client.Get(ctx, key, opts...)
	return r, explain(ctx, err)
}

// explain says of an error that it is due to our own patience, if it is.
func explain(ctx context.Context, err error) error {
	if err != nil && context.Cause(ctx) == errNoAnswer {
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	return err
}

// wake makes the client connect now, should it be waiting to: gRPC's waits grow to two
// minutes, and ours are over.
func wake(client *clientv3.Client) {
	if conn := client.ActiveConnection(); conn != nil && conn.GetState() == connectivity.TransientFailure {
		conn.ResetConnectBackoff()
	}
}

// watch returns once etcd has confirmed the watch, or closes it after timeout: the
// client itself would wait for ever. The watch ends with ctx.
func watch(ctx context.Context, cancel context.CancelFunc, client *clientv3.Client, key string, timeout time.Duration, opts ...clientv3.OpOption) clientv3.WatchChan {
	defer time.AfterFunc(timeout, cancel).Stop()
	return client.Watch(clientv3.WithRequireLeader(ctx), key, opts...)
}

// events returns the events of a response, and why the watch has ended, if it has.
func events(r clientv3.WatchResponse, ok bool) ([]*clientv3.Event, error) {
	if !ok {
		return nil, errWatchOver
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return r.Events, nil
}
