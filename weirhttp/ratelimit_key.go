package weirhttp

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/weirgo/weir/limit"
)

// strangers is the key of all requests that have none. No header and no address
// can contain its byte.
const strangers = "\x00"

// limiterKey makes a key that a limiter accepts of whatever a key func says.
func limiterKey(key string) string {
	switch {
	case key == "":
		return strangers
	case len(key) > limit.MaxKey:
		sum := sha256.Sum256([]byte(key))
		return strangers + hex.EncodeToString(sum[:])
	}
	return key
}

// KeyHeader returns a key func for [RateLimit] that limits by the value of a
// header, such as an API key; by the first one where it is repeated, as
// [http.Header.Get] has it. The value is the key as it is, so a Store sees it.
// It panics if name is not that of a header, and on Host, which net/http keeps
// elsewhere.
//
// Who may choose his key may choose a new one for each request. So use it for
// headers that a gateway sets, or behind a middleware that refuses values it
// does not know. It costs a lookup and no allocation.
func KeyHeader(name string) func(*http.Request) string {
	if !isToken(name) {
		panic("weirhttp: KeyHeader with an impossible name")
	}
	key := http.CanonicalHeaderKey(name)
	if key == "Host" {
		panic("weirhttp: KeyHeader of Host, which is in Request.Host")
	}
	return func(r *http.Request) string {
		if values := r.Header[key]; len(values) > 0 {
			return values[0]
		}
		return ""
	}
}

// isToken tells whether s is a token of HTTP (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

func alphanumeric(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' }
