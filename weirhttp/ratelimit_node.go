package weirhttp

import (
	"net/netip"
	"strings"
)

const optionalSpace = " \t"

// A node is an address as somebody wrote it. The zero node is none.
type node struct {
	addr netip.Addr // neither mapped nor with a zone
	text string     // of an IPv4 address, "" where it would have to be made
}

// parseNode parses an IP address with or without a port, as in RemoteAddr, in
// X-Forwarded-For and in a parameter of Forwarded.
func parseNode(s string) (node, bool) {
	host, ok := hostOf(strings.Trim(s, optionalSpace))
	if !ok {
		return node{}, false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return node{}, false
	}
	if addr.Is4() {
		return node{addr, host}, true // ParseAddr takes only the canonical form
	}
	return node{addr: addr.Unmap().WithZone("")}, true
}

// hostOf returns s without port and brackets.
func hostOf(s string) (host string, ok bool) {
	if rest, ok := strings.CutPrefix(s, "["); ok {
		host, port, closed := strings.Cut(rest, "]")
		return host, closed && strings.Contains(host, ":") && (port == "" || port[0] == ':' && isPort(port[1:]))
	}
	host, port, colon := strings.Cut(s, ":")
	if !colon || strings.Contains(port, ":") {
		return s, true // of more than one colon: an IPv6 address without brackets
	}
	return host, isPort(port)
}

// isPort tells whether s is a number, or a name as RFC 7239 allows it instead.
func isPort(s string) bool {
	if name, ok := strings.CutPrefix(s, "_"); ok {
		return isToken(name)
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= len("65535")
}

// forwardedFor returns the parameter "for" of an element of Forwarded.
//
// Elements are told apart by commas, even by those inside quotes, so that a quote
// that a client leaves open cannot hide what his proxy has added. Hence this
// takes no part of an element for a whole one: the end of a quoted string is no
// beginning of anything.
func forwardedFor(element string) (value string, ok bool) {
	for rest := element; ; {
		rest = strings.TrimLeft(rest, optionalSpace+";")
		if rest == "" {
			return value, ok
		}
		name, after, found := strings.Cut(rest, "=")
		if !found || !isToken(name) {
			return "", false
		}
		var v string
		v, rest, found = parameter(after)
		isFor := strings.EqualFold(name, "for")
		if !found || isFor && ok {
			return "", false
		}
		if isFor {
			value, ok = v, true
		}
	}
}

// parameter returns the value that s begins with, and what comes after it: nothing,
// or another parameter after a semicolon. Backslashes in quoted values stay, as
// no address has any.
func parameter(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		value = strings.TrimRight(value, optionalSpace)
		return value, rest, value != "" && !strings.ContainsAny(value, `"\`+optionalSpace)
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			rest = strings.TrimLeft(s[i+1:], optionalSpace)
			return s[1:i], rest, rest == "" || rest[0] == ';'
		}
	}
	return "", "", false
}
