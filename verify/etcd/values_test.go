package etcd_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"

	"github.com/weirgo/weir/weiretcd"
)

func TestHostileValuesCostNobodyElse(t *testing.T) {
	client := startNode(t).connect()
	put := func(key, value string) {
		_, err := client.Put(t.Context(), "services/orders/"+key, value)
		require.NoError(t, err)
	}
	hostile := []string{"", "{", `{"Addr":{}}`, "\x00\x1b[2J:80", "\xff\xfe:80", strings.Repeat("x", 1<<20), `{"Addr":` + strings.Repeat("[", 1<<20)}
	for i, value := range hostile {
		put(fmt.Sprintf("listed%d", i), value)
	}
	put("good", "10.0.0.1:80")
	put(strings.Repeat("k", 1<<20), "10.0.0.2:80")
	put("\x00\xff", "10.0.0.3:80")
	r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
	l := listen(t, r)
	l.comesTo(t, "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80")
	require.Equal(t, uint64(len(hostile)), r.Stats().Skipped)
	for i, value := range hostile {
		put(fmt.Sprintf("watched%d", i), value)
	}
	put("good", "{")
	put("last", "10.0.0.4:80")
	l.comesTo(t, "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.4:80")
	require.Equal(t, uint64(2*len(hostile)+1), r.Stats().Skipped)
	for _, st := range r.Targets() {
		require.Less(t, len(st.LastError.Error()), 400)
	}
}

func TestThousandsOfKeysAreListed(t *testing.T) {
	client := startNode(t).connect()
	addrs := numbered(2345)
	for part := range slices.Chunk(addrs, 100) {
		var ops []clientv3.Op
		for _, addr := range part {
			ops = append(ops, clientv3.OpPut("services/orders/"+addr, addr))
		}
		_, err := client.Txn(t.Context()).Then(ops...).Commit()
		require.NoError(t, err)
	}
	r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
	listen(t, r).comesTo(t, addrs...)
	require.Equal(t, uint64(1), r.Stats().Updates)
}

func TestEtcdsOwnPackageAndThisOneUnderstandEachOther(t *testing.T) {
	client := startNode(t).connect()
	own, err := endpoints.NewManager(client, "services/orders")
	require.NoError(t, err)
	require.NoError(t, own.AddEndpoint(t.Context(), "services/orders/1", endpoints.Endpoint{Addr: "10.0.0.1:80", Metadata: map[string]any{"zone": "b"}}))
	startRegistrar(t, client, "10.0.0.2:80")
	listen(t, weiretcd.NewResolver(client, weiretcd.ResolverOptions{})).comesTo(t, "10.0.0.1:80", "10.0.0.2:80")
	listed, err := own.List(t.Context())
	require.NoError(t, err)
	require.Equal(t, endpoints.Endpoint{Addr: "10.0.0.2:80"}, listed["services/orders/10.0.0.2:80"])
}

// An etcd that starts anew knows none of the tokens that it gave out.
func TestTokensThatEtcdHasForgottenAreReplaced(t *testing.T) {
	etcd := startNode(t)
	admin := etcd.connect()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	_, err := admin.UserAdd(ctx, "root", "secret")
	require.NoError(t, err)
	_, err = admin.UserGrantRole(ctx, "root", "root")
	require.NoError(t, err)
	_, err = admin.AuthEnable(ctx)
	require.NoError(t, err)

	client := connect(t, clientv3.Config{Endpoints: []string{etcd.client}, Username: "root", Password: "secret"})
	reg := startRegistrar(t, client, "10.0.0.1:80")
	r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{CheckEvery: time.Second})
	l := listen(t, r)
	l.comesTo(t, "10.0.0.1:80")
	for n := range 3 {
		etcd.stop()
		time.Sleep(outage())
		etcd.start()
		addr := fmt.Sprintf("10.0.1.%d:80", n)
		require.Eventually(t, func() bool {
			_, err := client.Put(t.Context(), "services/orders/new", addr)
			return err == nil
		}, soon, 100*time.Millisecond)
		l.comesTo(t, "10.0.0.1:80", addr)
		require.Eventually(t, func() bool { return reg.Stats().Registered && r.Stats().Stale == 0 }, soon, 10*time.Millisecond)
		keyIsThere(t, client, reg.Key())
	}
}
