package weirhttp_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

// trusted are proxies at 10.0.0.0/8 and fd00::/8.
var trusted = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

// from is a request of a peer, with the lines of a header.
func from(peer, header string, lines ...string) *http.Request {
	r := get()
	r.RemoteAddr = peer
	if len(lines) > 0 {
		r.Header[header] = lines
	}
	return r
}

func TestKeyIPIsTheAddressOfTheConnection(t *testing.T) {
	key := weirhttp.KeyIP(weirhttp.IPOptions{})
	for peer, want := range map[string]string{
		"192.0.2.7:1234":                       "192.0.2.7",
		"192.0.2.7":                            "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:443":           "2001:db8:1:2::/64",
		"[2001:db8:1:2:3:4:5:6]":               "2001:db8:1:2::/64",
		"2001:db8:1:2:3:4:5:6":                 "2001:db8:1:2::/64",
		"[::1]:80":                             "::/64",
		"[fe80::1%eth0]:80":                    "fe80::/64",
		"[fe80::2%eth1]:80":                    "fe80::/64",
		"[::ffff:192.0.2.7]:80":                "192.0.2.7",
		"::ffff:c000:207":                      "192.0.2.7",
		"[::ffff:192.0.2.7%eth0]:80":           "192.0.2.7",
		"":                                     "",
		"@":                                    "",
		"/run/app.sock":                        "",
		"pipe":                                 "",
		"localhost:80":                         "",
		"192.0.2.7:":                           "",
		"192.0.2.7:http":                       "",
		"192.0.2.7:123456":                     "",
		"192.0.2.07:80":                        "",
		"192.0.2.256:80":                       "",
		"[192.0.2.7]:80":                       "",
		"[2001:db8::1":                         "",
		"[2001:db8::1]80":                      "",
		"[]:80":                                "",
		"2001:db8::1]:80":                      "",
		"192.0.2.7:80:80":                      "",
		"192.0.2.7\x00:80":                     "",
		strings.Repeat("1", 1<<16):             "",
		strings.Repeat(":", 1<<16):             "",
		"[" + strings.Repeat("f", 100) + "]:1": "",
	} {
		require.Equal(t, want, key(from(peer, "X-Forwarded-For", "203.0.113.1")), peer)
	}
}

func TestIPv6PrefixSaysHowManyBitsCount(t *testing.T) {
	for bits, want := range map[int]string{
		1: "::/1", 48: "2001:db8:1::/48", 56: "2001:db8:1::/56", 128: "2001:db8:1:2:3:4:5:6",
	} {
		key := weirhttp.KeyIP(weirhttp.IPOptions{IPv6Prefix: bits})
		require.Equal(t, want, key(from("[2001:db8:1:2:3:4:5:6]:1", "")))
		require.Equal(t, "192.0.2.7", key(from("192.0.2.7:1", "")))
	}
}

func TestTheHeaderIsReadFromItsEndThroughTrustedProxies(t *testing.T) {
	key := weirhttp.KeyIP(weirhttp.IPOptions{TrustedProxies: trusted})
	for _, c := range []struct {
		about, peer, want string
		lines             []string
	}{
		{"no proxy", "192.0.2.7:1", "192.0.2.7", []string{"203.0.113.1"}},
		{"one proxy", "10.0.0.1:1", "203.0.113.1", []string{"203.0.113.1"}},
		{"what the client wrote does not matter", "10.0.0.1:1", "203.0.113.1", []string{"8.8.8.8, 203.0.113.1"}},
		{"not even if he claims to be a proxy", "10.0.0.1:1", "203.0.113.1", []string{"8.8.8.8, 10.0.0.2, 203.0.113.1"}},
		{"nor in a line of its own", "10.0.0.1:1", "203.0.113.1", []string{"8.8.8.8", "203.0.113.1"}},
		{"nor garbage", "10.0.0.1:1", "203.0.113.1", []string{`"; ,,;"`, "x, \x00,203.0.113.1"}},
		{"three proxies", "[fd00::1]:1", "203.0.113.1", []string{"8.8.8.8,203.0.113.1, fd00::3", "\t10.0.0.2 "}},
		{"no header", "10.0.0.1:1", "10.0.0.1", nil},
		{"an empty header", "10.0.0.1:1", "10.0.0.1", []string{""}},
		{"only proxies: the first one is the client", "10.0.0.1:1", "10.0.0.3", []string{"10.0.0.3, 10.0.0.2"}},
		{"the proxy does not know", "10.0.0.1:1", "10.0.0.1", []string{"8.8.8.8, unknown"}},
		{"the second proxy does not know", "10.0.0.1:1", "10.0.0.2", []string{"8.8.8.8, , 10.0.0.2"}},
		{"ports", "10.0.0.1:1", "203.0.113.1", []string{"203.0.113.1:4711, 10.0.0.2:80, [fd00::2]:80"}},
		{"IPv6", "10.0.0.1:1", "2001:db8::/64", []string{"2001:db8::1"}},
		{"mapped", "[::ffff:10.0.0.1]:1", "203.0.113.1", []string{"::ffff:203.0.113.1, ::ffff:10.0.0.2"}},
		{"a zone", "10.0.0.1:1", "203.0.113.1", []string{"203.0.113.1, fd00::2%eth0"}},
	} {
		require.Equal(t, c.want, key(from(c.peer, "X-Forwarded-For", c.lines...)), c.about)
	}
}

func TestATrustedPrefixMayBeMappedOrHaveHostBits(t *testing.T) {
	for _, prefix := range []string{"::ffff:10.0.0.0/104", "10.1.2.3/8"} {
		key := weirhttp.KeyIP(weirhttp.IPOptions{TrustedProxies: []netip.Prefix{netip.MustParsePrefix(prefix)}})
		require.Equal(t, "203.0.113.1", key(from("10.0.0.1:1", "X-Forwarded-For", "203.0.113.1")), prefix)
		require.Equal(t, "11.0.0.1", key(from("11.0.0.1:1", "X-Forwarded-For", "203.0.113.1")), prefix)
	}
}

func TestAnotherHeaderIsReadIfTheOptionsSaySo(t *testing.T) {
	key := weirhttp.KeyIP(weirhttp.IPOptions{TrustedProxies: trusted, Header: "x-real-ip"})
	r := from("10.0.0.1:1", "X-Real-Ip", "203.0.113.1")
	r.Header.Set("X-Forwarded-For", "8.8.8.8")
	require.Equal(t, "203.0.113.1", key(r))
}

func TestForwardedIsReadAsItsStandardHasIt(t *testing.T) {
	key := weirhttp.KeyIP(weirhttp.IPOptions{TrustedProxies: trusted, Header: "forwarded"})
	const proxy, client = "10.0.0.1", "203.0.113.1"
	for line, want := range map[string]string{
		`for=203.0.113.1`: client,
		`For="203.0.113.1:4711";proto=https;by=10.0.0.1`:            client,
		`proto=https ; host="a;b=c\"d" ; for=203.0.113.1;`:          client,
		`for="[2001:db8::1]:4711"`:                                  "2001:db8::/64",
		`for="[2001:db8::1]:_port"`:                                 "2001:db8::/64",
		`for=[2001:db8::1]`:                                         "2001:db8::/64",
		`for=203.0.113.1, for=10.0.0.2;proto=http, for="[fd00::1]"`: client,
		`for=8.8.8.8,for=203.0.113.1`:                               client,
		// What a client may try to hide his proxy's element, or to forge one.
		`for=", for=203.0.113.1`:                       client,
		`for="8.8.8.8\, for=203.0.113.1`:               client,
		`for=203.0.113.1;host="x,for=8.8.8.8"`:         proxy,
		`for=203.0.113.1;host="x,for=8.8.8.8;a=\""`:    proxy,
		`for=203.0.113.1;host="x,for=8.8.8.8;a=\"b\""`: proxy,
		`for=203.0.113.1;host="x,\";for=8.8.8.8"`:      proxy,
		`for=203.0.113.1;host="x,for=8.8.8.8;a=b"`:     proxy,
		`for=203.0.113.1;host="x,for=\"8.8.8.8\""`:     proxy,
		`for=8.8.8.8;for=203.0.113.1`:                  proxy,
		`for=unknown`:                                  proxy,
		`for=_hidden`:                                  proxy,
		`for="_hidden:80"`:                             proxy,
		`for=`:                                         proxy,
		`for=""`:                                       proxy,
		`for="203.0.113.1`:                             proxy,
		`for="203.0.113.1"x`:                           proxy,
		`for="203.0.113.\1"`:                           proxy,
		`for=203.0.113.1 x`:                            proxy,
		`for 203.0.113.1`:                              proxy,
		`=203.0.113.1`:                                 proxy,
		`a b=c;for=203.0.113.1`:                        proxy,
		`"for"=203.0.113.1`:                            proxy,
		`by=203.0.113.1`:                               proxy,
		``:                                             proxy,
		`;;`:                                           proxy,
		strings.Repeat("for=10.0.0.1,", 1000) + "for=x":     proxy,
		strings.Repeat(`for="`, 1000) + ",for=203.0.113.1":  client,
		strings.Repeat(`;`, 1<<16) + "for=203.0.113.1":      client,
		strings.Repeat(`a="\\";`, 1<<10) + `for="203.0.113`: proxy,
	} {
		r := from("10.0.0.1:1", "Forwarded", line)
		r.Header.Set("X-Forwarded-For", "9.9.9.9")
		require.Equal(t, want, key(r), line)
	}
}

func TestAUnixSocketIsTrustedOnlyIfTheOptionsSaySo(t *testing.T) {
	unix := context.WithValue(context.Background(), http.LocalAddrContextKey, &net.UnixAddr{Name: "/run/app.sock", Net: "unix"})
	tcp := context.WithValue(context.Background(), http.LocalAddrContextKey, &net.TCPAddr{})
	for _, peer := range []string{"@", "", "/run/client.sock"} {
		r := from(peer, "X-Forwarded-For", "8.8.8.8, 203.0.113.1")
		trusting := weirhttp.KeyIP(weirhttp.IPOptions{TrustUnix: true})
		require.Equal(t, "203.0.113.1", trusting(r.WithContext(unix)))
		require.Empty(t, trusting(from(peer, "X-Forwarded-For", "unknown").WithContext(unix)))
		require.Empty(t, trusting(r.WithContext(tcp)), "not a Unix socket at all")
		require.Empty(t, trusting(r))
		require.Empty(t, weirhttp.KeyIP(weirhttp.IPOptions{TrustedProxies: trusted})(r.WithContext(unix)))
	}
}

func TestAProxyMaySpeakThroughARealUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	key := weirhttp.KeyIP(weirhttp.IPOptions{TrustUnix: true})
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(key(r))) }))
	require.NoError(t, srv.Listener.Close())
	srv.Listener = l
	srv.Start()
	defer srv.Close()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequest(http.MethodGet, "http://app/", nil)
	require.NoError(t, err)
	req.Header.Set("X-Forwarded-For", "203.0.113.1")
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	require.Equal(t, "203.0.113.1", body(t, resp))
}

func TestImpossibleIPOptionsPanicAndAreErrors(t *testing.T) {
	for want, options := range map[string][]weirhttp.IPOptions{
		"weirhttp: IPOptions.IPv6Prefix must be 1 to 128":          {{IPv6Prefix: -1}, {IPv6Prefix: 129}},
		"weirhttp: IPOptions.TrustedProxies has an invalid prefix": {{TrustedProxies: []netip.Prefix{{}}}},
		"weirhttp: IPOptions.Header is not the name of a header":   {{Header: "X Forwarded"}, {Header: "a\n"}},
	} {
		for _, o := range options {
			require.EqualError(t, o.Validate(), want)
			require.PanicsWithValue(t, want, func() { weirhttp.KeyIP(o) })
		}
	}
}

// Whatever a client writes, his key is the address that the proxy has seen.
func FuzzAClientCannotChooseHisAddress(f *testing.F) {
	for _, seed := range []string{"", "8.8.8.8", "10.0.0.2", `for="`, `for=8.8.8.8;a="\`, "unknown, ", "::1%", "[", "\x00", "8.8.8.8, 10.0.0.1,"} {
		f.Add(seed, seed)
	}
	direct := weirhttp.KeyIP(weirhttp.IPOptions{})
	list := weirhttp.KeyIP(weirhttp.IPOptions{TrustedProxies: trusted})
	forwarded := weirhttp.KeyIP(weirhttp.IPOptions{TrustedProxies: trusted, Header: "Forwarded"})
	f.Fuzz(func(t *testing.T, line, claim string) {
		for peer, want := range map[string]string{"203.0.113.1:1": "203.0.113.1", "[2001:db8::1]:1": "2001:db8::/64"} {
			require.Equal(t, want, direct(from(peer, "X-Forwarded-For", line, claim)))
			require.Equal(t, want, list(from(peer, "X-Forwarded-For", line, claim)))
		}
		r := from("10.0.0.1:1", "X-Forwarded-For", line, claim+", 203.0.113.1")
		r.Header["Forwarded"] = []string{line, claim + `, for="203.0.113.1:80";proto=https`}
		require.Equal(t, "203.0.113.1", list(r))
		require.Equal(t, "203.0.113.1", forwarded(r))

		// Nobody appends anything: the key is an address or a prefix all the same.
		r = from("10.0.0.1:1", "X-Forwarded-For", line, claim)
		r.Header["Forwarded"] = []string{line, claim}
		for _, got := range []string{list(r), forwarded(r), direct(from(line, "", claim))} {
			if got == "" {
				continue // by the third only, whose peer is garbage
			}
			_, err := netip.ParseAddr(got)
			if prefix, perr := netip.ParsePrefix(got); perr == nil {
				require.Equal(t, prefix.Masked().String(), got)
				err = nil
			}
			require.NoError(t, err)
		}
		require.NotEmpty(t, list(r))
		require.NotEmpty(t, forwarded(r))
	})
}
