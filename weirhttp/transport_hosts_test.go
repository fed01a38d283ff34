package weirhttp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirhttp"
)

func TestTransportBlamesNoAddressForARedirectToItInAnotherScheme(t *testing.T) {
	srv := start(t, http.HandlerFunc(hello))
	misled := "https" + strings.TrimPrefix(srv.URL, "http")
	evil := start(t, http.RedirectHandler(misled, http.StatusFound))
	client, tr := wrap(t, srv, once(weirhttp.TransportOptions{}))
	fetch := func(url string) error {
		resp, err := client.Get(url)
		if err == nil {
			body(t, resp)
		}
		return err
	}
	require.NoError(t, fetch(srv.URL))
	for range 30 {
		require.Error(t, fetch(evil.URL))
	}
	require.NoError(t, fetch(srv.URL))
	require.NotEqual(t, breaker.Closed, tr.Breakers().Get(misled).State())
	require.EqualValues(t, 2, tr.Breakers().Get(srv.URL).Stats().Accepted)
	finished(t, tr, nil)
}
