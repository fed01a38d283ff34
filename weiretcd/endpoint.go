package weiretcd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"
)

// An Endpoint is one instance of a service, as etcd has it.
type Endpoint struct {
	// Addr is where the instance is reached: host:port, with a number for the port.
	Addr string
	// Weight is the instance's share of the load, in proportion to those of the
	// others. 0 stands for 1. Balancers find it where gRPC has it, by the package
	// google.golang.org/grpc/experimental/balancer/weight.
	Weight int
	// Metadata is a JSON value for the instance's clients, "" if there is none.
	Metadata string
}

// Sizes beyond these are a mistake, or hostile.
const (
	maxValue  = 64 << 10
	maxAddr   = 512
	maxWeight = 1 << 20
)

// wireEndpoint is what etcd's own package naming/endpoints reads and writes, and
// Weight besides. Names are read in any case.
type wireEndpoint struct {
	Op       uint8 // always 0, which stands for an addition
	Addr     string
	Weight   int             `json:",omitempty"`
	Metadata json.RawMessage `json:",omitempty"`
}

// ParseEndpoint reads the value of a key. That is an address alone, or JSON:
//
//	{"Addr": "10.0.0.7:8080", "Weight": 2, "Metadata": {"zone": "b"}}
//
// where all but Addr may be missing, and names may be in lower case. JSON of etcd's
// package naming/endpoints is of this form.
func ParseEndpoint(value []byte) (Endpoint, error) {
	if len(value) > maxValue {
		return Endpoint{}, fmt.Errorf("weiretcd: a value of %d bytes", len(value))
	}
	value = bytes.TrimSpace(value)
	if !bytes.HasPrefix(value, []byte("{")) {
		return checked(Endpoint{Addr: string(value)})
	}
	var w wireEndpoint
	if err := json.Unmarshal(value, &w); err != nil {
		return Endpoint{}, fmt.Errorf("weiretcd: bad JSON: %s", short(err.Error()))
	}
	return checked(Endpoint{Addr: w.Addr, Weight: w.Weight, Metadata: compact(w.Metadata)})
}

// compact makes equal what differs in white space only.
func compact(metadata json.RawMessage) string {
	var b bytes.Buffer
	if len(metadata) == 0 || json.Compact(&b, metadata) != nil || b.String() == "null" {
		return ""
	}
	return b.String()
}

func checked(e Endpoint) (Endpoint, error) {
	if err := e.validate(); err != nil {
		return Endpoint{}, err
	}
	return e, nil
}

func (e Endpoint) validate() error {
	if e.Weight < 0 || e.Weight > maxWeight {
		return fmt.Errorf("weiretcd: weight %d is not between 0 and %d", e.Weight, maxWeight)
	}
	if len(e.Addr) > maxAddr {
		return fmt.Errorf("weiretcd: an address of %d bytes", len(e.Addr))
	}
	if !utf8.ValidString(e.Addr) || strings.ContainsFunc(e.Addr, unprintable) {
		return fmt.Errorf("weiretcd: address %s is not printable", short(e.Addr))
	}
	host, port, err := net.SplitHostPort(e.Addr)
	if err != nil || host == "" {
		return fmt.Errorf("weiretcd: address %s is not host:port", short(e.Addr))
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("weiretcd: address %s has no port that is a number", short(e.Addr))
	}
	return nil
}

// validateOwn is for those who announce themselves.
func (e Endpoint) validateOwn() error {
	if err := e.validate(); err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(e.Addr)
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		return fmt.Errorf("weiretcd: address %s is where to listen, not where to be reached", e.Addr)
	}
	if e.Metadata != "" && !json.Valid([]byte(e.Metadata)) {
		return errors.New("weiretcd: Endpoint.Metadata is not JSON")
	}
	if n := len(e.String()); n > maxValue {
		return fmt.Errorf("weiretcd: an endpoint of %d bytes, at most %d", n, maxValue)
	}
	return nil
}

func unprintable(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }

// short quotes what may be long or hostile.
func short(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "..."
	}
	return strconv.QuoteToASCII(s)
}

// String returns the JSON that a [Registrar] writes, and ParseEndpoint reads.
func (e Endpoint) String() string {
	w := wireEndpoint{Addr: e.Addr, Weight: e.Weight}
	if json.Valid([]byte(e.Metadata)) {
		w.Metadata = json.RawMessage(e.Metadata)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(w) // cannot fail: Metadata is valid
	return strings.TrimSuffix(b.String(), "\n")
}

type endpointKey struct{}

// FromAttributes returns the Endpoint behind what a [Resolver] has told gRPC, for
// balancers that look at its metadata. a is of a [resolver.Endpoint].
func FromAttributes(a *attributes.Attributes) (e Endpoint, ok bool) {
	e, ok = a.Value(endpointKey{}).(Endpoint)
	return e, ok
}

// grpcState leaves weight and metadata out of what gRPC tells connections apart by:
// a change of them must not cost a connection.
func grpcState(eps []Endpoint) resolver.State {
	s := resolver.State{Addresses: make([]resolver.Address, len(eps)), Endpoints: make([]resolver.Endpoint, len(eps))}
	for i, e := range eps {
		s.Addresses[i].Addr = e.Addr
		s.Endpoints[i] = resolver.Endpoint{Addresses: s.Addresses[i : i+1 : i+1], Attributes: attributes.New(endpointKey{}, e)}
		if e.Weight > 0 {
			s.Endpoints[i] = weight.Set(s.Endpoints[i], weight.EndpointInfo{Weight: uint32(e.Weight)})
		}
	}
	return s
}
