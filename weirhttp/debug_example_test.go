package weirhttp_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

func ExampleDebugHandler() {
	db := breaker.New(breaker.Options{Name: "orders-db"})
	reports := limit.NewConcurrency(limit.ConcurrencyOptions{Name: "reports", Max: 4})
	mux := http.NewServeMux()
	mux.Handle("/debug/weir", weirhttp.Debug(db, reports))

	db.Force(breaker.ForcedOpen)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/debug/weir?format=json", nil))
	var report struct {
		Components []struct{ Kind, Name, Level, State string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &report); err != nil {
		fmt.Println(err)
	}
	for _, c := range report.Components {
		fmt.Println(c.Level, c.Kind, c.Name, c.State)
	}
	// Output:
	// critical breaker orders-db forced-open
	// ok concurrency reports ok
}

func ExampleDebugOptions() {
	d := weirhttp.NewDebug(weirhttp.DebugOptions{
		Title:   "orders",
		Sources: []weir.Source{breaker.New(breaker.Options{Name: "orders-db"})},
		// Whoever signs in as an operator, say.
		Allow: func(r *http.Request) bool { return r.Header.Get("X-Role") == "operator" },
	})
	r := httptest.NewRequest("POST", "/debug/weir", strings.NewReader("id=...&state=forced-open"))
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	fmt.Print(w.Code, " ", w.Body)
	// Output:
	// 403 not allowed
}
