//go:build !race

// The race detector pads what is allocated, so that this can be held without it
// only.

package collection_test

import (
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// heapInUse returns how many bytes are in use.
func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestTimersTakeLittleMemory(t *testing.T) {
	const n = 200_000
	timers := collection.NewTimers(collection.TimersOptions{})
	f := func() {}
	before := heapInUse()
	for i := range n {
		timers.AfterFunc(time.Hour+time.Duration(i)*time.Millisecond, f)
	}
	each := (heapInUse() - before) / n
	require.LessOrEqual(t, each, int64(64))
	require.Equal(t, n, timers.Len())
}

func TestWheelTakesLittleMemoryAndGivesItBack(t *testing.T) {
	const n = 200_000
	w := collection.NewTimingWheel(collection.WheelOptions[uint64, *int]{OnFire: func(uint64, *int) {}})
	before := heapInUse()
	for i := range uint64(n) {
		require.NoError(t, w.Set(i, nil, time.Hour+time.Duration(i)*time.Millisecond))
	}
	each := (heapInUse() - before) / n
	require.LessOrEqual(t, each, int64(120))
	for i := range uint64(n) {
		w.Remove(i)
	}
	require.LessOrEqual(t, heapInUse()-before, int64(64<<10))
}

func TestWheelAloneIsSmall(t *testing.T) {
	const n = 100
	var all [n]*collection.TimingWheel[int, int]
	before := heapInUse()
	for i := range all {
		all[i] = newWheelOf[int]()
		require.NoError(t, all[i].Set(1, 1, time.Hour))
	}
	each := (heapInUse() - before) / n
	runtime.KeepAlive(&all)
	require.LessOrEqual(t, each, int64(12<<10))
}

func TestWheelLetsGoOfValuesAtOnce(t *testing.T) {
	type big [1 << 16]byte
	w := collection.NewTimingWheel(collection.WheelOptions[int, *big]{OnFire: func(int, *big) {}})
	var values []weak.Pointer[big]
	for i := range 100 {
		v := new(big)
		values = append(values, weak.Make(v))
		require.NoError(t, w.Set(i, v, time.Hour))
	}
	for i := range 99 {
		w.Remove(i)
	}
	require.NoError(t, w.Set(99, nil, time.Hour))
	runtime.GC()
	for i, v := range values {
		require.Nil(t, v.Value(), "%d", i)
	}
	require.Equal(t, 1, w.Len())
}

// A stopped Timer that is kept keeps no other.
func TestTimersLetGoOfEachOther(t *testing.T) {
	type big [1 << 16]byte
	timers := collection.NewTimers(collection.TimersOptions{})
	var kept []*collection.Timer
	var dropped []weak.Pointer[big]
	for range 50 {
		kept = append(kept, timers.AfterFunc(time.Hour, func() {}))
		v := new(big)
		dropped = append(dropped, weak.Make(v))
		timers.AfterFunc(time.Hour, func() { v[0]++ }).Stop()
	}
	for _, timer := range kept[:25] {
		timer.Stop()
	}
	runtime.GC()
	for i, v := range dropped {
		require.Nil(t, v.Value(), "%d", i)
	}
	runtime.KeepAlive(kept)
}

func allocationsOf[K comparable](t *testing.T, what string, key K) {
	w := newWheelOf[K]()
	require.NoError(t, w.Set(key, 0, time.Hour))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_ = w.Set(key, 1, 2*time.Hour)
		w.Move(key, time.Minute)
		w.Move(key, time.Hour)
	}), what)
	require.Equal(t, 1.0, testing.AllocsPerRun(100, func() {
		w.Remove(key)
		_ = w.Set(key, 1, time.Hour)
	}), what)
}

func TestWheelAllocatesNothingButEntries(t *testing.T) {
	allocationsOf(t, "int", 1<<20)
	allocationsOf(t, "string", "a session")
	allocationsOf(t, "struct", struct {
		a int
		b string
	}{1, "b"})
	allocationsOf[any](t, "any", "boxed beforehand")
	pointer := new(int)
	allocationsOf(t, "pointer", pointer)

	timers := collection.NewTimers(collection.TimersOptions{})
	f := func() {}
	timer := timers.AfterFunc(time.Hour, f)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		timer.Reset(time.Minute)
		timer.Reset(time.Hour)
		timer.Stop()
		timer.Reset(time.Hour)
	}))
	require.Equal(t, 1.0, testing.AllocsPerRun(100, func() { timers.AfterFunc(time.Hour, f) }))
}
