package lab_test

import (
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/lab"
)

var directory = flag.String("report", "", "write the report on everything, peers included, into this directory")

// Without the flag the report is on little, and thrown away.
func TestReport(t *testing.T) {
	dir, plan := *directory, lab.Whole()
	if dir == "" {
		dir, plan = t.TempDir(), little()
	}
	require.NoError(t, report(t, plan).Write(dir))
	for _, name := range []string{"goodput-over-load.svg", "p99-over-load.svg", "goodput-over-time.svg", "p99-over-time.svg"} {
		requireWellFormed(t, filepath.Join(dir, name))
	}
	for _, name := range []string{"results.txt", "results.md"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		for _, s := range lab.Subjects() {
			require.Contains(t, string(text), s.Name, name)
		}
	}
}

// little is about a service with few requests.
func little() lab.Plan {
	rows := lab.Rows()
	row := rows[len(rows)-1]
	return lab.Plan{Rows: []lab.Row{row}, Chart: row, Loads: []float64{0.5, 2}}
}

func report(t *testing.T, plan lab.Plan) (r lab.Report) {
	t.Run("measuring", func(t *testing.T) {
		r.ByRow = make([][]lab.Page, len(plan.Rows))
		for i, row := range plan.Rows {
			r.ByRow[i] = pages(t, row.Cases())
		}
		r.Others = pages(t, plan.Others)
		var steady []lab.Case
		for _, load := range plan.Loads {
			steady = append(steady, plan.Chart.Steady(load))
		}
		r.OfLoad = pages(t, steady)
		t.Run("over time", func(t *testing.T) {
			t.Parallel()
			r.Course = lab.NewCourse(plan.Chart.Slow(0.8), lab.Subjects(), bubble(t))
		})
		r.Series = series(t)
	})
	return r
}

// pages are filled in by subtests, all of which have ended when the test that they
// are part of has.
func pages(t *testing.T, cases []lab.Case) []lab.Page {
	pages := make([]lab.Page, len(cases))
	for i, c := range cases {
		t.Run(c.Row+", "+c.Name, func(t *testing.T) {
			t.Parallel()
			pages[i] = lab.NewPage(c, lab.Subjects(), bubble(t))
		})
	}
	return pages
}

func series(t *testing.T) []lab.SeriesResult {
	type maker struct {
		name string
		make func() *lab.Series
	}
	var makers []maker
	var counts []int
	for _, n := range []int{1, 5} {
		makers = append(makers,
			maker{"Weir", func() *lab.Series { return lab.WeirSeries(n) }},
			maker{"go-zero, CPU idle", func() *lab.Series { return lab.GozeroSeries(n) }},
			maker{"go-zero, CPU full", func() *lab.Series { return lab.GozeroFullSeries(n) }},
		)
		counts = append(counts, n, n, n)
	}
	results := make([]lab.SeriesResult, len(makers))
	for i, m := range makers {
		t.Run(fmt.Sprintf("%s in series, %d clients", m.name, counts[i]), func(t *testing.T) {
			t.Parallel()
			results[i] = lab.MeasureSeries(lab.SeriesCase(counts[i]), m.name, m.make, bubble(t))
		})
	}
	return results
}

func requireWellFormed(t *testing.T, path string) {
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	decoder := xml.NewDecoder(file)
	var text strings.Builder
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if data, ok := token.(xml.CharData); ok {
			text.Write(data)
		}
	}
	for _, s := range lab.Subjects() {
		require.Contains(t, text.String(), s.Name, path)
	}
}
