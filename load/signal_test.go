package load_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/load"
)

func TestDelayIsAShareOfItsLimit(t *testing.T) {
	var delay time.Duration
	s := load.Delay("jobs", 40*time.Millisecond, func() time.Duration { return delay })
	require.Equal(t, "jobs", s.Name)
	require.Zero(t, s.Sheds)
	for d, want := range map[time.Duration]float64{
		0: 0, 10 * time.Millisecond: 0.25, 40 * time.Millisecond: 1, time.Second: 25, -time.Second: -25,
		math.MaxInt64: float64(math.MaxInt64) / 40e6,
	} {
		delay = d
		level, err := s.Read()
		require.NoError(t, err)
		require.Equal(t, want, level)
	}
}

func TestImpossibleSignalsPanic(t *testing.T) {
	read := func() time.Duration { return 0 }
	const cpu = "load: CPU needs a threshold above 0, and 1 at most"
	for _, c := range []struct {
		text string
		make func()
	}{
		{"load: Delay needs a positive limit", func() { load.Delay("x", 0, read) }},
		{"load: Delay needs a positive limit", func() { load.Delay("x", -1, read) }},
		{"load: Delay needs a func that reads the delay", func() { load.Delay("x", 1, nil) }},
		{"load: RunQueue needs a delay that is not negative", func() { load.RunQueue(-1) }},
		{cpu, func() { load.CPU(1.001) }},
		{cpu, func() { load.CPU(-0.1) }},
		{cpu, func() { load.CPU(math.NaN()) }},
		{cpu, func() { load.CPU(math.Inf(1)) }},
	} {
		require.PanicsWithValue(t, c.text, c.make)
	}
}

func TestReadyMadeSignalsCanBeReadHere(t *testing.T) {
	for name, s := range map[string]load.Signal{"cpu": load.CPU(0), "run-queue": load.RunQueue(0)} {
		require.Equal(t, name, s.Name)
		level, err := s.Read()
		require.NoError(t, err, name)
		require.Zero(t, level, "%s: there is no interval yet", name)
		level, err = s.Read()
		require.NoError(t, err, name)
		require.GreaterOrEqual(t, level, 0.0, name)
	}
}

func TestOneSignalMayHaveSeveralReaders(t *testing.T) {
	for _, s := range []load.Signal{load.CPU(1), load.RunQueue(time.Millisecond)} {
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for range 1000 {
					if level, err := s.Read(); err != nil || !(level >= 0) {
						t.Error(s.Name, level, err)
						return
					}
				}
			})
		}
		readers.Wait()
	}
}
