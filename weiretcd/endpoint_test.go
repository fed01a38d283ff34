package weiretcd_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weiretcd"
)

func TestValuesAreAddressesOrJSON(t *testing.T) {
	for value, want := range map[string]weiretcd.Endpoint{
		"10.0.0.7:80":                            {Addr: "10.0.0.7:80"},
		" host.local:8080\n":                     {Addr: "host.local:8080"},
		"[::1]:80":                               {Addr: "[::1]:80"},
		"[fe80::1%eth0]:65535":                   {Addr: "[fe80::1%eth0]:65535"},
		`{"Op":0,"Addr":"a:80","Metadata":null}`: {Addr: "a:80"},
		`{"Op":1,"Addr":"a:80","Metadata":"x"}`:  {Addr: "a:80", Metadata: `"x"`},
		`{"addr":"a:80","weight":7,"metadata":{"a": [1, 2]}}`:          {Addr: "a:80", Weight: 7, Metadata: `{"a":[1,2]}`},
		"\n {\"addr\": \"a:80\", \"somethingElse\": {\"of\": \"x\"}} ": {Addr: "a:80"},
	} {
		got, err := weiretcd.ParseEndpoint([]byte(value))
		require.NoError(t, err, value)
		require.Equal(t, want, got)
	}
}

func TestValuesThatMakeNoSenseAreErrorsOfAFewWords(t *testing.T) {
	for _, value := range []string{
		"", " ", "host", ":80", "host:", "host:http", "host:0", "host:65536", "host:-1", "a:80,b:80", "http://a:80",
		"a b:80", "a\n:80", "\x1b[2Jhost:80", "\u202ehost:80", "\xff:80", "{", "{}", `{"Addr":""}`, `{"Addr":7}`, `{"Addr":"a:80"} {}`,
		`{"Addr":"a:80","Weight":-1}`, `{"Addr":"a:80","Weight":1.5}`, `{"Addr":"a:80","Weight":1e9}`, `["a:80"]`,
		strings.Repeat("h", 600) + ":80", strings.Repeat("h", 1<<20), `{"Addr":` + strings.Repeat("[", 60_000),
		`{"Addr":"` + strings.Repeat(`\u0000`, 1000) + `"}`, `{"Addr":"a:80","` + strings.Repeat("k", 60_000) + `":}`,
	} {
		e, err := weiretcd.ParseEndpoint([]byte(value))
		require.ErrorContains(t, err, "weiretcd: ", "%.60q", value)
		require.Zero(t, e)
		require.Less(t, len(err.Error()), 200)
		require.NotContains(t, err.Error(), "\x1b")
	}
}

// What etcd's own package naming/endpoints writes.
func TestFormatIsThatOfEtcdsOwnPackage(t *testing.T) {
	type update struct {
		Op       uint8
		Addr     string
		Metadata any
	}
	written, err := json.Marshal(update{Addr: "a:80", Metadata: map[string]any{"zone": "b"}})
	require.NoError(t, err)
	e, err := weiretcd.ParseEndpoint(written)
	require.NoError(t, err)
	require.Equal(t, string(written), e.String())
}

func FuzzParseEndpoint(f *testing.F) {
	for _, seed := range []string{"a:80", `{"Addr":"a:80","Weight":2,"Metadata":{"a":"<&>"}}`, "{", "\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		e, err := weiretcd.ParseEndpoint(value)
		if err != nil {
			require.Less(t, len(err.Error()), 500)
			return
		}
		again, err := weiretcd.ParseEndpoint([]byte(e.String()))
		require.NoError(t, err)
		require.Equal(t, e, again, "what is read can be written, and read again")
	})
}
