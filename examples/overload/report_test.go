package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func sample() result {
	return result{Scenario: slowBackend, Capacity: 250, Rows: []row{
		{Load: 0.5,
			Bare:      figures{Offered: 125, Goodput: 125, P50: 40, P99: 60},
			Protected: figures{Offered: 125, Goodput: 125, P50: 40.25, P99: 61}},
		{Load: 3,
			Bare:      figures{Offered: 750, Late: 750, P50: 1000, P99: 1000},
			Protected: figures{Offered: 750, Goodput: 245, Refused: 505, P50: 112, P99: 148}},
	}}
}

func TestJSONHasTheDocumentedShape(t *testing.T) {
	got, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"scenario":"slow-backend","capacity":250,"rows":[` +
		`{"load":0.5,` +
		`"bare":{"offered":125,"goodput":125,"refused":0,"late":0,"p50_ms":40,"p99_ms":60},` +
		`"protected":{"offered":125,"goodput":125,"refused":0,"late":0,"p50_ms":40.25,"p99_ms":61}},` +
		`{"load":3,` +
		`"bare":{"offered":750,"goodput":0,"refused":0,"late":750,"p50_ms":1000,"p99_ms":1000},` +
		`"protected":{"offered":750,"goodput":245,"refused":505,"late":0,"p50_ms":112,"p99_ms":148}}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestJSONDoesNotHideFailures(t *testing.T) {
	got, err := json.Marshal(figures{Offered: 1, Failed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), `"failed":1`) {
		t.Errorf("got %s", got)
	}
}

func TestVerdictComparesTheHighestLoad(t *testing.T) {
	want := "At 3x its capacity the bare server answers 0 requests/s in time (0 % of capacity, p99 over 1000 ms); " +
		"behind Weir it answers 245 requests/s in time (98 % of capacity, p99 148 ms)."
	if got := verdict(slowBackendPlan(), sample()); got != want {
		t.Errorf("got %q", got)
	}
	if got := verdict(slowBackendPlan(), result{}); got != "Nothing was measured." {
		t.Errorf("got %q", got)
	}
}

func TestTableHasALineForEachSystemAndLoad(t *testing.T) {
	got := table(slowBackendPlan(), sample())
	for _, want := range []string{
		"0.5x       bare        125     125         50 %          0       0      40      60\n",
		"3.0x  protected        750     245         98 %        505       0     112     148\n",
		"(1000: they hung up)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "failed") {
		t.Errorf("failures reported where there were none:\n%s", got)
	}
}

func TestTableReportsStalls(t *testing.T) {
	res := sample()
	res.stall = slowBackendPlan().maxStall()
	if got := table(slowBackendPlan(), res); strings.Contains(got, "stood still") {
		t.Errorf("got\n%s", got)
	}
	res.stall = 829 * time.Millisecond
	if got := table(slowBackendPlan(), res); !strings.Contains(got, "stood still for up to 829 ms") {
		t.Errorf("got\n%s", got)
	}
}

func TestTableReportsFailures(t *testing.T) {
	res := sample()
	res.Rows[1].Bare.Failed = 12
	if got := table(slowBackendPlan(), res); !strings.Contains(got, "up to 12/s failed otherwise") {
		t.Errorf("got\n%s", got)
	}
}
