package load_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

func calm() (float64, error) { return 0, nil }

func TestImpossibleOptionsPanicAndAreInvalid(t *testing.T) {
	for name, o := range map[string]load.Options{
		"negative MinLimit":           {MinLimit: -1},
		"negative MaxLimit":           {MaxLimit: -1},
		"MinLimit above MaxLimit":     {MinLimit: 11, MaxLimit: 10},
		"MaxLimit too great":          {MaxLimit: 1<<20 + 1},
		"MinLimit too great":          {MinLimit: 1<<20 + 1},
		"MinLimit far too great":      {MinLimit: math.MaxInt},
		"InitialLimit negative":       {InitialLimit: -1},
		"InitialLimit too great":      {InitialLimit: 1<<20 + 1},
		"CPUThreshold above 1":        {CPUThreshold: math.Nextafter(1, 2)},
		"CPUThreshold 90":             {CPUThreshold: 90},
		"CPUThreshold infinite":       {CPUThreshold: math.Inf(1)},
		"CPUThreshold not a number":   {CPUThreshold: math.NaN()},
		"MaxQueue too great":          {MaxQueue: 1<<20 + 1},
		"signal without Read":         {Signals: []load.Signal{{Name: "a", Read: calm}, {Name: "b"}}},
		"signal sheds no known class": {Signals: []load.Signal{{Read: calm, Sheds: weir.CriticalPlus + 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			err := o.Validate()
			require.Error(t, err)
			require.True(t, strings.HasPrefix(err.Error(), "load: "), err)
			require.PanicsWithValue(t, err.Error(), func() { load.New(o) })
		})
	}
}

func TestPossibleOptionsAreValid(t *testing.T) {
	for name, o := range map[string]load.Options{
		"zero":                     {},
		"limits alike":             {MinLimit: 1 << 20, MaxLimit: 1 << 20},
		"MinLimit above default":   {MinLimit: 1<<20 - 1},
		"InitialLimit out of both": {MinLimit: 5, MaxLimit: 7, InitialLimit: 100},
		"no CPU":                   {CPUThreshold: -1},
		"no CPU at all":            {CPUThreshold: math.Inf(-1)},
		"all of the CPU":           {CPUThreshold: 1},
		"no cool-off":              {CoolOff: -1},
		"endless cool-off":         {CoolOff: math.MaxInt64},
		"no queue":                 {MaxQueue: -1},
		"longest queue":            {MaxQueue: 1 << 20},
		"signal":                   {Signals: []load.Signal{{Read: calm, Sheds: weir.CriticalPlus}}},
	} {
		require.NoError(t, o.Validate(), name)
		require.NotPanics(t, func() {
			s := load.New(o)
			leave(weir.Success, enter(t, s, 1)...)
			requireSane(t, s)
		}, name)
	}
}

func TestInitialLimitIsKeptBetweenTheOtherTwo(t *testing.T) {
	for _, c := range []struct{ least, most, initial, want int }{
		{0, 0, 0, 3}, {5, 0, 0, 5}, {0, 2, 0, 2}, {5, 7, 100, 7}, {5, 7, 1, 5}, {5, 7, 6, 6}, {0, 0, 1_000_000, 1_000_000},
	} {
		s := blind(load.Options{MinLimit: c.least, MaxLimit: c.most, InitialLimit: c.initial})
		require.Equal(t, c.want, s.Stats().Limit, c)
	}
}

func TestCPUIsASignalUnlessItIsOff(t *testing.T) {
	st := load.New(load.Options{}).Stats()
	require.Len(t, st.Signals, 1)
	require.Equal(t, "cpu", st.Signals[0].Name)
	require.Equal(t, weir.SheddablePlus, st.Signals[0].Sheds)
	require.Empty(t, load.New(load.Options{CPUThreshold: -1}).Stats().Signals)

	own := load.Signal{Name: "disk", Read: calm, Sheds: weir.Critical}
	st = load.New(load.Options{Signals: []load.Signal{own}}).Stats()
	require.Equal(t, []string{"cpu", "disk"}, []string{st.Signals[0].Name, st.Signals[1].Name})
	require.Equal(t, weir.Critical, st.Signals[1].Sheds)
}

func TestOptionsMayBeUsedForManyAndChangedAfterwards(t *testing.T) {
	signals := []load.Signal{{Name: "disk", Read: calm}}
	o := load.Options{CPUThreshold: -1, Signals: signals, InitialLimit: 9, CoolOff: time.Minute}
	a, b := load.New(o), load.New(o)
	signals[0] = load.Signal{Name: "other"}
	o.InitialLimit = 1
	for _, s := range []*load.Shedder{a, b} {
		leave(weir.Success, enter(t, s, 9)...)
		require.Equal(t, "disk", s.Stats().Signals[0].Name)
	}
}
