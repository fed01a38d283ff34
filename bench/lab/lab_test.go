package lab_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/lab"
)

var seed = flag.Uint64("seed", 0, "hold the shedder to its lines with seeds after this one")

func TestTheShedder(t *testing.T) {
	for _, row := range lab.Rows() {
		t.Run(row.Name, func(t *testing.T) {
			t.Parallel()
			hold(t, row.Cases())
		})
	}
}

func TestTheShedderInOtherShapes(t *testing.T) { hold(t, lab.Shapes()) }

func TestTheShedderShedsTheLeastCriticalFirst(t *testing.T) { hold(t, lab.Classes()) }

// hold runs the shedder, with deadlines that it can see and with deadlines that it
// cannot, and holds both to the lines of the cases.
func hold(t *testing.T, cases []lab.Case) {
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Seed = *seed
			page := lab.NewPage(c, []lab.Subject{lab.Weir()}, bubble(t))
			var text strings.Builder
			require.NoError(t, page.WriteText(&text))
			t.Log(text.String())
			var missed []string
			for _, m := range page.Lines {
				missed = append(missed, missedBy(m)...)
			}
			require.Empty(t, strings.Join(missed, "\n"))
		})
	}
}

// missedBy returns what a measurement misses: its line, or where that is known to be
// out of reach yet, what is held instead. With the seeds that the gaps were found with,
// it also tells of a gap that has closed.
func missedBy(m lab.Measured) []string {
	missed := m.Missed()
	gap, ok := lab.GapOf(m)
	switch {
	case !ok:
		return missed
	case len(missed) == 0 && *seed == 0:
		return []string{fmt.Sprintf("%s, %s, hidden %v: no gap any more, take it off the list", gap.Row, gap.Span, gap.Hidden)}
	}
	return gap.Missed(m)
}
