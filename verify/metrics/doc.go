// Package metrics has no code, only tests: of all metrics of all modules together.
// They make one of every component, ask it for its metrics, and compare what it says
// with docs/metrics.md; a component that is not among them fails the tests, and so do
// names in docs/grafana and docs/alerts.yml that no component has.
//
//	go test ./verify/metrics
//	WEIR_UPDATE_METRICS=1 go test -count=1 ./verify/metrics   # writes docs/metrics.md
//
// The rules of docs/alerts.yml are checked by promtool where it is installed.
package metrics
