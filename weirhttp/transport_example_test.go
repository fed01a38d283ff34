package weirhttp_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

// flaky is a server that is overloaded every other time.
func flaky() *httptest.Server {
	n := 0
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; n%2 == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "hello, attempt", r.Header.Get(weirhttp.HeaderAttempt))
	}))
}

// show prints the answer to a GET.
func show(client *http.Client, url string) {
	resp, err := client.Get(url)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	fmt.Print(resp.StatusCode, " ", string(text))
}

func ExampleTransport() {
	srv := flaky()
	defer srv.Close()
	// A breaker per host, and retries within a budget.
	client := &http.Client{Transport: weirhttp.NewTransport(nil, weirhttp.TransportOptions{})}
	defer client.CloseIdleConnections()
	show(client, srv.URL)
	// Output:
	// 200 hello, attempt 2
}

func ExampleTransportOptions() {
	transport := weirhttp.NewTransport(nil, weirhttp.TransportOptions{
		Name:          "payments",
		Attempts:      4,
		Backoff:       fx.Backoff{Base: 20 * time.Millisecond},
		TryTimeout:    time.Second,
		HedgeQuantile: 0.95,
		HostLimit:     limit.ConcurrencyOptions{Max: 1},
	})
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	srv := httptest.NewServer(http.HandlerFunc(hello))
	defer srv.Close()

	first, err := client.Get(srv.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Get(srv.URL) // the body of the first is still open
	fmt.Println("refused:", errors.Is(err, weir.ErrRejected))
	first.Body.Close()
	show(client, srv.URL)
	// Output:
	// refused: true
	// 200 hello
}

func ExampleTransportStats() {
	srv := flaky()
	defer srv.Close()
	transport := weirhttp.NewTransport(nil, weirhttp.TransportOptions{})
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	show(client, srv.URL)
	st := transport.Stats()
	fmt.Println("calls:", st.Calls, "tries:", st.Tries, "retries:", st.Retries, "in flight:", st.InFlight)
	// Output:
	// 200 hello, attempt 2
	// calls: 1 tries: 2 retries: 1 in flight: 0
}

func ExampleTransportTry() {
	srv := flaky()
	defer srv.Close()
	client := &http.Client{Transport: weirhttp.NewTransport(nil, weirhttp.TransportOptions{
		OnTry: func(e weirhttp.TransportTry) { fmt.Println("try", e.Number, e.Status, e.Outcome) },
	})}
	defer client.CloseIdleConnections()
	show(client, srv.URL)
	// Output:
	// try 1 503 overloaded
	// try 2 200 success
	// 200 hello, attempt 2
}

func ExampleTransportCall() {
	srv := flaky()
	defer srv.Close()
	client := &http.Client{Transport: weirhttp.NewTransport(nil, weirhttp.TransportOptions{
		OnCall: func(e weirhttp.TransportCall) { fmt.Println(e.Request.Method, e.Status, "after", e.Tries, "tries") },
	})}
	defer client.CloseIdleConnections()
	show(client, srv.URL)
	// A POST may not be repeated, unless it has a key that says so.
	if resp, err := client.Post(srv.URL, "text/plain", strings.NewReader("x")); err == nil {
		resp.Body.Close()
	}
	// Output:
	// GET 200 after 2 tries
	// 200 hello, attempt 2
	// POST 503 after 1 tries
}
