package weir_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

var classes = []weir.Criticality{weir.Sheddable, weir.SheddablePlus, weir.Critical, weir.CriticalPlus}

func TestCriticalityRisesFromSheddableToCriticalPlus(t *testing.T) {
	for i := 1; i < len(classes); i++ {
		require.Less(t, classes[i-1], classes[i])
	}
}

func TestCriticalityIsCriticalUnlessSaid(t *testing.T) {
	require.Equal(t, weir.Critical, weir.CriticalityFrom(context.Background()))
}

func TestChildRaisesButNeverLowersCriticality(t *testing.T) {
	for _, parent := range classes {
		for _, child := range classes {
			ctx := weir.WithCriticality(context.Background(), parent)
			below := weir.WithCriticality(ctx, child)
			require.Equal(t, max(parent, child), weir.CriticalityFrom(below))
			require.Equal(t, parent, weir.CriticalityFrom(ctx), "the parent keeps its own")
		}
	}
}

func TestCriticalityPassesThroughOtherContexts(t *testing.T) {
	type key struct{}
	ctx := weir.WithCriticality(context.Background(), weir.CriticalPlus)
	ctx, cancel := context.WithCancel(context.WithValue(ctx, key{}, 1))
	defer cancel()
	ctx = weir.WithCriticality(context.WithoutCancel(ctx), weir.Sheddable)
	require.Equal(t, weir.CriticalPlus, weir.CriticalityFrom(ctx))
}

func TestUnsaidCriticalityMayBeSetBelowTheDefault(t *testing.T) {
	ctx := weir.WithCriticality(context.Background(), weir.Sheddable)
	require.Equal(t, weir.Sheddable, weir.CriticalityFrom(ctx))
}

func TestWithCriticalityPanicsOnAnUnknownClass(t *testing.T) {
	for c, name := range map[weir.Criticality]string{0: "criticality(0)", 5: "criticality(5)", 255: "criticality(255)"} {
		require.Equal(t, name, c.String())
		require.PanicsWithValue(t, "weir: WithCriticality with an unknown "+name, func() {
			weir.WithCriticality(context.Background(), c)
		})
	}
}

func TestParseCriticalityIsTheInverseOfString(t *testing.T) {
	for _, c := range classes {
		got, err := weir.ParseCriticality(c.String())
		require.NoError(t, err)
		require.Equal(t, c, got)
	}
}

func TestParseCriticalityKnowsNothingElse(t *testing.T) {
	for _, s := range []string{"", " ", "Critical", "CRITICAL", "critical ", "critical_plus", "criticality(3)", "3", "\x00"} {
		got, err := weir.ParseCriticality(s)
		require.EqualError(t, err, "weir: unknown criticality", "%q", s)
		require.Zero(t, got)
	}
}

func FuzzParseCriticality(f *testing.F) {
	for _, s := range []string{"", "sheddable", "sheddable-plus", "critical", "critical-plus", "Critical", "critical-pluss", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := weir.ParseCriticality(s)
		if err != nil {
			require.Zero(t, c)
			for _, known := range classes {
				require.NotEqual(t, known.String(), s)
			}
			return
		}
		require.Contains(t, classes, c)
		require.Equal(t, s, c.String())
	})
}
