package etcd_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/weirgo/weir/weiretcd"
)

func keyIsThere(t *testing.T, client *clientv3.Client, key string) {
	t.Helper()
	require.Eventually(t, func() bool {
		r, err := client.Get(t.Context(), key)
		return err == nil && len(r.Kvs) == 1
	}, soon, 10*time.Millisecond)
}

func TestRevokedLeaseIsReplaced(t *testing.T) {
	client := startNode(t).connect()
	r := startRegistrar(t, client, "10.0.0.1:80")
	old := r.Stats().Lease
	_, err := client.Revoke(t.Context(), clientv3.LeaseID(old))
	require.NoError(t, err)
	require.Eventually(t, func() bool { st := r.Stats(); return st.Registered && st.Lease != old }, soon, 10*time.Millisecond)
	keyIsThere(t, client, r.Key())
}

func TestDeletedKeyIsWrittenAgain(t *testing.T) {
	client := startNode(t).connect()
	r := startRegistrar(t, client, "10.0.0.1:80")
	for range 3 {
		_, err := client.Delete(t.Context(), r.Key())
		require.NoError(t, err)
		keyIsThere(t, client, r.Key())
	}
	require.Equal(t, uint64(1), r.Stats().Registrations)
}

func TestKeyOutlivesManyTTLsAndGoesWithClose(t *testing.T) {
	client := startNode(t).connect()
	r := startRegistrar(t, client, "10.0.0.1:80")
	over := time.After(3 * 2 * time.Second)
	for there := true; there; {
		select {
		case <-over:
			there = false
		case <-time.After(100 * time.Millisecond):
			got, err := client.Get(t.Context(), r.Key())
			require.NoError(t, err)
			require.Len(t, got.Kvs, 1)
		}
	}
	require.NoError(t, r.Close(t.Context()))
	got, err := client.Get(t.Context(), r.Key())
	require.NoError(t, err)
	require.Empty(t, got.Kvs)
	leases, err := client.Leases(t.Context())
	require.NoError(t, err)
	require.Empty(t, leases.Leases)
}

func TestClientThatIsClosedFirstMakesNobodySpinOrHang(t *testing.T) {
	etcd := startNode(t)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{etcd.client}, Logger: zap.NewNop()})
	require.NoError(t, err)
	r := registrar(client, "10.0.0.1:80")
	require.NoError(t, r.Register(t.Context()))
	res := weiretcd.NewResolver(client, weiretcd.ResolverOptions{CheckEvery: time.Second})
	l := listen(t, res)
	l.comesTo(t, "10.0.0.1:80")
	require.NoError(t, client.Close())
	time.Sleep(3 * time.Second)
	require.LessOrEqual(t, r.Stats().Failures, uint64(10))
	require.LessOrEqual(t, res.Stats().Failures, uint64(10))
	require.Equal(t, []string{"10.0.0.1:80"}, l.has())
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	require.ErrorContains(t, r.Close(ctx), "stays until its TTL is over")
}

func TestThousandInstancesAtOnce(t *testing.T) {
	etcd := startNode(t)
	client := etcd.connect()
	r := weiretcd.NewResolver(etcd.connect(), weiretcd.ResolverOptions{})
	l := listen(t, r)
	l.comesTo(t)

	addrs := numbered(1000)
	all := make([]*weiretcd.Registrar, len(addrs))
	var wg sync.WaitGroup
	for i, addr := range addrs {
		all[i] = weiretcd.NewRegistrar(client, weiretcd.RegistrarOptions{
			Prefix: "services/orders", Endpoint: weiretcd.Endpoint{Addr: addr}, TTL: time.Minute, Timeout: soon,
		})
		wg.Go(func() { require.NoError(t, all[i].Register(t.Context())) })
	}
	wg.Wait()
	l.comesTo(t, addrs...)
	t.Logf("%d updates of gRPC's clients", r.Stats().Updates)
	require.Less(t, r.Stats().Updates, uint64(500), "several at a time")

	for _, reg := range all {
		wg.Go(func() { require.NoError(t, reg.Close(t.Context())) })
	}
	wg.Wait()
	require.Eventually(t, func() bool { return r.Stats().Empty == 1 }, soon, 10*time.Millisecond)
	require.NotEmpty(t, l.has(), "the last list stays")
}
