package weirhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
	"github.com/weirgo/weir/weirhttp"
)

// maintenance is a guard that admits nothing. Breakers, limits and shedders are
// guards, too.
type maintenance struct{}

var errMaintenance = weir.NewRejection("shop: closed for maintenance")

func (maintenance) Allow(context.Context) (weir.Permit, error) { return weir.Permit{}, errMaintenance }
func (maintenance) RetryAfter() time.Duration                  { return 90 * time.Second }

func hello(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello") }

// ask sends one request to h and prints the answer.
func ask(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Print(w.Code, " ", w.Body)
	return w
}

func ExampleMiddleware() {
	var tag weirhttp.Middleware = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Server", "shop")
			next.ServeHTTP(w, r)
		})
	}
	h := weirhttp.Chain(tag, weirhttp.Timeout(time.Second))(http.HandlerFunc(hello))
	w := ask(h, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Header().Get("Server"))
	// Output:
	// 200 hello
	// shop
}

func ExampleAdmit() {
	h := weirhttp.Admit(maintenance{}, weirhttp.AdmitOptions{})(http.HandlerFunc(hello))
	w := ask(h, httptest.NewRequest("GET", "/", nil))
	fmt.Println("Retry-After:", w.Header().Get("Retry-After"))
	fmt.Println("Weir-Refused:", w.Header().Get(weirhttp.HeaderRefused))
	// Output:
	// 503 Service Unavailable
	// Retry-After: 90
	// Weir-Refused: shop: closed for maintenance
}

func ExampleAdmitOptions() {
	h := weirhttp.Admit(maintenance{}, weirhttp.AdmitOptions{
		Refuse: func(w http.ResponseWriter, r *http.Request, err error, retryAfter time.Duration) {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, "come back in %v\n", retryAfter)
		},
	})(http.HandlerFunc(hello))
	ask(h, httptest.NewRequest("GET", "/", nil))
	// Output: 503 come back in 1m30s
}

func ExampleRecoverOptions() {
	h := weirhttp.Recover(weirhttp.RecoverOptions{
		OnPanic: func(r *http.Request, p *weir.Panic) {
			fmt.Println(r.Method, r.URL.Path, "panicked:", p.Value)
		},
	})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no such shelf") }))
	ask(h, httptest.NewRequest("GET", "/shelf/9", nil))
	// Output:
	// GET /shelf/9 panicked: no such shelf
	// 500 Internal Server Error
}

func ExamplePanic() {
	report := func(_ *http.Request, p *weir.Panic) {
		fmt.Println(p.Value, strings.HasPrefix(string(p.Stack), "goroutine "))
	}
	h := weirhttp.Recover(weirhttp.RecoverOptions{OnPanic: report})(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
	ask(h, httptest.NewRequest("GET", "/", nil))
	// Output:
	// boom true
	// 500 Internal Server Error
}

func ExampleObservation() {
	h := weirhttp.Observe(func(o weirhttp.Observation) {
		fmt.Println(o.Request.Method, o.Request.Pattern, o.Status, o.Bytes, o.Duration >= 0)
	})
	mux := http.NewServeMux()
	mux.HandleFunc("/hello/{name}", hello)
	ask(h(mux), httptest.NewRequest("GET", "/hello/weir", nil))
	// Output:
	// GET /hello/{name} 200 6 true
	// 200 hello
}

func ExamplePropagateOptions() {
	h := weirhttp.Propagate(weirhttp.PropagateOptions{MaxTimeout: time.Minute})(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			deadline, _ := r.Context().Deadline()
			fmt.Fprintln(w, weir.CriticalityFrom(r.Context()), time.Until(deadline).Round(time.Second))
		}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set(weirhttp.HeaderCriticality, "sheddable")
	r.Header.Set(weirhttp.HeaderTimeout, "20000")
	ask(h, r)
	// Output: 200 sheddable 20s
}

func ExampleTimeout() {
	h := weirhttp.Timeout(time.Millisecond)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done() // as a query or a call that gets the context would
	}))
	ask(h, httptest.NewRequest("GET", "/", nil))
	// Output: 504 Gateway Timeout
}

func ExampleMaxBytes() {
	h := weirhttp.MaxBytes(10)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return // 413
		}
		hello(w, r)
	}))
	ask(h, httptest.NewRequest("POST", "/", strings.NewReader("short")))
	ask(h, httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader("far too long"))))
	// Output:
	// 200 hello
	// 413 Request Entity Too Large
}

func ExampleProtectOptions() {
	shedder := load.New(load.Options{Name: "shop"})
	h := weirhttp.Protect(weirhttp.ProtectOptions{Timeout: time.Second, Guard: shedder})(http.HandlerFunc(hello))
	ask(h, httptest.NewRequest("GET", "/", nil))
	fmt.Println(shedder.Stats().Succeeded, "served")
	// Output:
	// 200 hello
	// 1 served
}
