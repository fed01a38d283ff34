package etcd_test

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

// A node is an etcd of one member that can be stopped, started, and robbed of its
// data, and is always at the same address.
type node struct {
	t      *testing.T
	dir    string
	client string // host:port
	peer   string
	server *embed.Etcd
}

func startNode(t *testing.T) *node {
	n := &node{t: t, dir: filepath.Join(t.TempDir(), "data"), client: freeAddr(t), peer: freeAddr(t)}
	n.start()
	t.Cleanup(n.stop)
	return n
}

// freeAddr returns an address at which nobody listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func (n *node) start() {
	n.t.Helper()
	at := func(addr string) []url.URL { return []url.URL{{Scheme: "http", Host: addr}} }
	c := embed.NewConfig()
	c.Dir = n.dir
	c.ListenClientUrls, c.AdvertiseClientUrls = at(n.client), at(n.client)
	c.ListenPeerUrls, c.AdvertisePeerUrls = at(n.peer), at(n.peer)
	c.InitialCluster = fmt.Sprintf("%s=http://%s", c.Name, n.peer)
	c.TickMs, c.ElectionMs = 20, 200
	c.UnsafeNoFsync = true
	c.EnableGRPCGateway = false
	c.BcryptCost = 4
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	server, err := embed.StartEtcd(c)
	require.NoError(n.t, err)
	<-server.Server.ReadyNotify()
	n.server = server
}

func (n *node) stop() {
	if n.server != nil {
		n.server.Close()
		n.server = nil
	}
}

// wipe takes its data away. It must be stopped.
func (n *node) wipe() {
	n.t.Helper()
	require.NoError(n.t, os.RemoveAll(n.dir))
}

// connect returns a client that is closed when the test ends.
func (n *node) connect() *clientv3.Client {
	return connect(n.t, clientv3.Config{Endpoints: []string{n.client}})
}

func connect(t *testing.T, c clientv3.Config) *clientv3.Client {
	t.Helper()
	c.Logger = zap.NewNop()
	client, err := clientv3.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}
