package lab_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/lab"
)

// What the shedder misses, a guard does not that must learn as much but knows the model:
// so no line asks for what nobody can know.
func TestNoLineIsOutOfReachForWantOfInformation(t *testing.T) {
	for _, c := range everyCase() {
		for _, c := range []lab.Case{c, c.Hidden()} {
			for i, span := range c.Spans {
				if _, missed := lab.GapOf(lab.Measured{Case: c, Span: span}); !missed {
					continue
				}
				t.Run(c.Row+", "+span.Name+", "+lab.Measured{Case: c}.Deadlines(), func(t *testing.T) {
					t.Parallel()
					m := informed(c, i)
					var text strings.Builder
					require.NoError(t, m.WriteText(&text))
					t.Log(text.String())
					require.Empty(t, m.Missed())
				})
			}
		}
	}
}

func everyCase() (cases []lab.Case) {
	for _, row := range lab.Rows() {
		cases = append(cases, row.Cases()...)
	}
	return append(cases, lab.Shapes()...)
}

// informed measures the informed guard in a few of a case's runs, which are dear, beside
// what the oracle's limit does in the same runs. That limit is found in all of them.
func informed(c lab.Case, span int) lab.Measured {
	c.Seed = *seed
	limit := lab.Oracle(c)[span].Limit
	c.Seeds = min(c.Seeds, max(1, 50/c.Scenario.Workers))
	return lab.Measured{
		Case: c, Span: c.Spans[span], By: "informed", Figures: lab.Informed(c, span),
		Best: lab.Best{Limit: limit, Figures: lab.FixedLimit(c, limit)[span]},
	}
}
