package weirhttp

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// IPOptions configures [KeyIP]. The zero value is ready to use where clients
// connect to this server directly.
type IPOptions struct {
	// TrustedProxies are the addresses of the proxies whose word is taken for who
	// connected to them. The default is none: headers do not matter. List your
	// own proxies and nothing else, for a client among them can claim any address.
	TrustedProxies []netip.Prefix
	// TrustUnix trusts who connects through a Unix domain socket. Without it, all
	// who do share one key.
	TrustUnix bool
	// Header is where trusted proxies say it. The default is X-Forwarded-For.
	// Forwarded is read as RFC 7239 has it, any other header as a list of
	// addresses, with or without ports, to which each proxy adds one at the end.
	// Your proxies must set or add to this one, not pass it on untouched.
	Header string
	// IPv6Prefix is how many bits of an IPv6 address count: 1 to 128. The default
	// is 64, since a client usually has all addresses that begin with the same 64
	// bits. IPv4 addresses always count as a whole.
	IPv6Prefix int
}

const (
	defaultIPHeader   = "X-Forwarded-For"
	forwardedHeader   = "Forwarded"
	defaultIPv6Prefix = 64
)

var (
	errIPPrefix = errors.New("weirhttp: IPOptions.IPv6Prefix must be 1 to 128")
	errIPProxy  = errors.New("weirhttp: IPOptions.TrustedProxies has an invalid prefix")
	errIPHeader = errors.New("weirhttp: IPOptions.Header is not the name of a header")
)

// Validate returns what is wrong with the options, nil if nothing is.
func (o IPOptions) Validate() error {
	switch {
	case o.IPv6Prefix < 0 || o.IPv6Prefix > 128:
		return errIPPrefix
	case slices.ContainsFunc(o.TrustedProxies, func(p netip.Prefix) bool { return !p.IsValid() }):
		return errIPProxy
	case o.Header != "" && !isToken(o.Header):
		return errIPHeader
	}
	return nil
}

// KeyIP returns a key func for [RateLimit] that limits by the address of the
// client: "192.0.2.7", or "2001:db8::/64" for IPv6. It panics on impossible
// options.
//
// That is the address of the connection, unless it is a trusted proxy's. Then the
// header is read from its end, where the nearest proxy has written: the first
// address that is not a trusted proxy's is the client, and what stands before it,
// which he may have written himself, does not matter. An address that cannot be
// read ends the search at the proxy that reported it, so its clients are limited
// together. If all addresses are trusted, the first one is the client.
//
// IPv4 addresses mapped to IPv6 are IPv4 addresses, and zones do not count. If
// the connection itself has no IP address and is not trusted, the key is empty.
//
// It allocates nothing for IPv4 addresses that are not mapped, else the key.
func KeyIP(o IPOptions) func(*http.Request) string {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	if o.Header == "" {
		o.Header = defaultIPHeader
	}
	if o.IPv6Prefix == 0 {
		o.IPv6Prefix = defaultIPv6Prefix
	}
	k := &ipKey{header: http.CanonicalHeaderKey(o.Header), bits: o.IPv6Prefix, unix: o.TrustUnix}
	for _, p := range o.TrustedProxies {
		k.trusted = append(k.trusted, unmapped(p))
	}
	return k.of
}

// unmapped returns the IPv4 prefix that p means, if it is mapped to IPv6.
func unmapped(p netip.Prefix) netip.Prefix {
	const mapped = 96 // bits that say so
	if p.Addr().Is4In6() && p.Bits() >= mapped {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
	}
	return p.Masked()
}

type ipKey struct {
	trusted []netip.Prefix
	header  string // in canonical form
	bits    int
	unix    bool
}

func (k *ipKey) of(r *http.Request) string {
	peer, ok := parseNode(r.RemoteAddr)
	if ok && k.trusts(peer) || !ok && k.unix && throughUnix(r) {
		peer = k.behind(peer, r.Header[k.header])
	}
	return k.text(peer)
}

// throughUnix believes only the server: RemoteAddr is empty, "@" or the name of
// a file there, but a middleware may have written anything into it.
func throughUnix(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && strings.HasPrefix(local.Network(), "unix")
}

func (k *ipKey) trusts(n node) bool {
	for _, p := range k.trusted {
		if p.Contains(n.addr) {
			return true
		}
	}
	return false
}

// behind returns the client on whose behalf the trusted peer speaks.
func (k *ipKey) behind(peer node, lines []string) node {
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			comma := strings.LastIndexByte(rest, ',')
			n, ok := k.parse(rest[comma+1:])
			if !ok {
				return peer
			}
			if peer = n; !k.trusts(n) {
				return n
			}
			if more = comma >= 0; more {
				rest = rest[:comma]
			}
		}
	}
	return peer
}

func (k *ipKey) parse(element string) (node, bool) {
	if k.header != forwardedHeader {
		return parseNode(element)
	}
	value, ok := forwardedFor(element)
	if !ok {
		return node{}, false
	}
	return parseNode(value)
}

func (k *ipKey) text(n node) string {
	switch {
	case n.text != "":
		return n.text
	case !n.addr.IsValid():
		return ""
	case n.addr.Is4(), k.bits == n.addr.BitLen():
		return n.addr.String()
	}
	p, _ := n.addr.Prefix(k.bits) // fails for impossible bits only
	var space [64]byte
	return string(p.AppendTo(space[:0]))
}
