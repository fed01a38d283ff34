package metrics_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// An expression is what Prometheus is asked, and what is made of the answer.
type expression struct {
	where  string
	promQL string
	texts  []string // templates, which name labels
}

type dashboard struct {
	Panels []struct {
		ID      int
		Type    string
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ Expr, LegendFormat string }
	}
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
}

func readDashboard(t *testing.T) (d dashboard) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "grafana", "weir.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &d))
	return d
}

type rules struct {
	Groups []struct {
		Name  string
		Rules []rule
	}
}

type rule struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

func readAlerts(t *testing.T) (all []rule) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "alerts.yml"))
	require.NoError(t, err)
	var r rules
	require.NoError(t, yaml.Unmarshal(text, &r))
	for _, g := range r.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// variables stand for what Grafana puts in.
var variables = strings.NewReplacer("$__rate_interval", "5m", "$__range", "1h", "$job", ".*", "$instance", ".*")

func expressions(t *testing.T) (all []expression) {
	d := readDashboard(t)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all = append(all, expression{"panel " + p.Title, variables.Replace(target.Expr), []string{target.LegendFormat}})
		}
	}
	for _, v := range d.Templating.List {
		if series, ok := strings.CutPrefix(v.Definition, "label_values("); ok {
			series, _, _ = strings.Cut(series, ", ")
			all = append(all, expression{"variable " + v.Name, variables.Replace(series), nil})
		}
	}
	for _, r := range readAlerts(t) {
		all = append(all, expression{"alert " + r.Alert, r.Expr, []string{r.Annotations["summary"], r.Annotations["description"]}})
	}
	require.Greater(t, len(all), 100)
	return all
}

var (
	selector = regexp.MustCompile(`(\bweir_[a-z0-9_]+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	grouping = regexp.MustCompile(`\b(?:by|on|without|ignoring)\s*\(([^)]*)\)`)
	template = regexp.MustCompile(`\{\{\s*(?:\$labels\.)?([a-z_]+)`)
)

// added are the labels that Prometheus adds.
var added = []string{"job", "instance"}

func TestExpressionsNameMetricsAndLabelsThatExist(t *testing.T) {
	known := readCatalogue(t).names()
	for _, e := range expressions(t) {
		labels := slices.Clone(added)
		for _, s := range selector.FindAllStringSubmatch(e.promQL, -1) {
			of, ok := known[s[1]]
			require.True(t, ok, "%s: %s", e.where, s[1])
			labels = append(labels, of...)
			for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
				require.Contains(t, append(slices.Clone(added), of...), m[1], "%s: %s", e.where, s[0])
			}
		}
		require.Greater(t, len(labels), 1, e.where)
		for _, g := range grouping.FindAllStringSubmatch(e.promQL, -1) {
			for _, label := range strings.Split(g[1], ",") {
				require.Contains(t, labels, strings.TrimSpace(label), e.where)
			}
		}
		for _, text := range e.texts {
			for _, m := range template.FindAllStringSubmatch(text, -1) {
				require.Contains(t, labels, m[1], "%s: %s", e.where, text)
			}
		}
	}
}

// What aggregation drops, a legend cannot show.
func TestLegendsShowLabelsThatAreLeft(t *testing.T) {
	for _, e := range expressions(t) {
		by := grouping.FindAllStringSubmatch(e.promQL, -1)
		if !strings.Contains(e.promQL, "sum") && !strings.Contains(e.promQL, "max by") {
			continue
		}
		for _, text := range e.texts {
			for _, m := range template.FindAllStringSubmatch(text, -1) {
				left := slices.ContainsFunc(by, func(g []string) bool {
					return slices.Contains(strings.Split(strings.ReplaceAll(g[1], " ", ""), ","), m[1])
				})
				require.True(t, left, "%s: %s of %s", e.where, m[1], e.promQL)
			}
		}
	}
}

// Outcomes and reasons that are asked for are such as there are.
func TestExpressionsAskForValuesThatExist(t *testing.T) {
	c := readCatalogue(t)
	value := regexp.MustCompile(`([a-z_]+)=~?"([^"]*)"`)
	checked := 0
	for _, e := range expressions(t) {
		for _, s := range selector.FindAllStringSubmatch(e.promQL, -1) {
			r := c.rows[s[1]]
			if r == nil {
				continue // part of a histogram
			}
			for _, m := range value.FindAllStringSubmatch(s[2], -1) {
				if !slices.Contains(closed, m[1]) {
					continue
				}
				checked++
				for _, v := range strings.Split(m[2], "|") {
					require.Contains(t, r.values[m[1]], v, "%s: %s", e.where, s[0])
				}
			}
		}
	}
	require.Greater(t, checked, 5)
}

func TestAlertsSayWhatTheyAreAbout(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range readAlerts(t) {
		require.Regexp(t, `^Weir[A-Z][A-Za-z]+$`, r.Alert)
		require.False(t, seen[r.Alert], r.Alert)
		seen[r.Alert] = true
		require.Contains(t, []string{"page", "ticket"}, r.Labels["severity"], r.Alert)
		require.NotEmpty(t, r.Annotations["summary"], r.Alert)
		require.NotEmpty(t, r.Annotations["description"], r.Alert)
	}
	require.Len(t, seen, 25)
}

func TestPanelsLieSideBySide(t *testing.T) {
	d := readDashboard(t)
	ids := map[int]bool{}
	type cell struct{ x, y int }
	taken := map[cell]string{}
	for _, p := range d.Panels {
		require.False(t, ids[p.ID], p.Title)
		ids[p.ID] = true
		require.NotEmpty(t, p.Title)
		require.Equal(t, p.Type != "row", len(p.Targets) > 0, p.Title)
		at := p.GridPos
		require.LessOrEqual(t, at.X+at.W, 24, p.Title)
		for x := range at.W {
			for y := range at.H {
				c := cell{at.X + x, at.Y + y}
				require.Empty(t, taken[c], p.Title)
				taken[c] = p.Title
			}
		}
	}
}

// promtool runs it, in this directory, and returns what it says.
func promtool(t *testing.T, args ...string) string {
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed; Debian's package prometheus has it")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

func TestPromtoolTakesTheAlerts(t *testing.T) {
	out := promtool(t, "check", "rules", filepath.Join(root, "docs", "alerts.yml"))
	require.Contains(t, out, "25 rules found")
	require.Contains(t, promtool(t, "test", "rules", filepath.Join("testdata", "alerts_test.yml")), "SUCCESS")
}

func TestPromtoolTakesTheQueriesOfTheDashboard(t *testing.T) {
	var all []map[string]string
	for i, e := range expressions(t) {
		all = append(all, map[string]string{"record": "query:" + strconv.Itoa(i), "expr": e.promQL})
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "all", "rules": all}}})
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "queries.yml")
	require.NoError(t, os.WriteFile(name, text, 0o600))
	require.Contains(t, promtool(t, "check", "rules", name), "SUCCESS")
}
