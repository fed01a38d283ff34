package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// written is a file with some lines of caller 0.
func written(t *testing.T, more string, numbers ...int) string {
	t.Helper()
	var text []byte
	for _, n := range numbers {
		text = appendLine(text, 0, n)
	}
	name := filepath.Join(t.TempDir(), "lines.log")
	if err := os.WriteFile(name, append(text, more...), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestTheAuditFindsWhatIsLostTwiceOrWrong(t *testing.T) {
	for _, c := range []struct {
		name    string
		unsure  map[int]int
		numbers []int
		more    string
		want    audit
	}{
		{name: "all there", numbers: []int{0, 1, 2, 3}},
		{name: "in another order", numbers: []int{2, 3, 0, 1}},
		{name: "one missing", numbers: []int{0, 1, 3}, want: audit{lost: 1}},
		{name: "none there", want: audit{lost: 4}},
		{name: "there again with a reason", unsure: map[int]int{1: 1}, numbers: []int{0, 1, 2, 3, 2, 3}, want: audit{twice: 2}},
		{name: "there again without", numbers: []int{0, 1, 2, 3, 2}, want: audit{wrong: 1}},
		{name: "there too often", unsure: map[int]int{1: 1}, numbers: []int{0, 1, 2, 3, 2, 2}, want: audit{twice: 1, wrong: 1}},
		{name: "not acknowledged, with a reason", unsure: map[int]int{2: 1}, numbers: []int{0, 1, 2, 3, 4, 5}},
		{name: "not acknowledged, without", numbers: []int{0, 1, 2, 3, 4}, want: audit{wrong: 1}},
		{name: "never posted", numbers: []int{0, 1, 2, 3, 6}, want: audit{wrong: 1}},
		{name: "of nobody", numbers: []int{0, 1, 2, 3}, more: string(appendLine(nil, 1, 0)), want: audit{wrong: 1}},
		{name: "negative", numbers: []int{0, 1, 2, 3}, more: string(appendLine(nil, -1, 0)), want: audit{wrong: 1}},
		{name: "half a line", numbers: []int{0, 1, 2, 3}, more: "0 1 the we", want: audit{wrong: 1}},
		{name: "mangled", numbers: []int{0, 1, 3}, more: "0 02 the weir holds the water\n\n", want: audit{lost: 1, wrong: 2}},
	} {
		who := &caller{lines: 2, acked: 2, unsure: c.unsure}
		got, err := auditFile(written(t, c.more, c.numbers...), []*caller{who})
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; not %+v", c.name, got, err, c.want)
		}
		if (got.err() == nil) != (c.want.lost == 0 && c.want.wrong == 0) {
			t.Errorf("%s: %v", c.name, got.err())
		}
	}
}

func TestQuantilesAreThoseOfTheNearestRank(t *testing.T) {
	var took []time.Duration
	for i := range 200 {
		took = append(took, time.Duration(i+1)*time.Millisecond)
	}
	if quantile(took, 0.5) != 100 || quantile(took, 0.99) != 198 || quantile(took[:1], 0.99) != 1 || quantile(nil, 0.5) != 0 {
		t.Error(quantile(took, 0.5), quantile(took, 0.99), quantile(took[:1], 0.99), quantile(nil, 0.5))
	}
}
