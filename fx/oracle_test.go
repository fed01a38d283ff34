package fx_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
)

// Each stage beside what it does to a slice, in the plainest words.
var stages = []struct {
	name   string
	stream func(s fx.Stream[int], n int) fx.Stream[int]
	slice  func(s []int, n int) []int
}{
	{"Head", fx.Stream[int].Head, func(s []int, n int) []int { return s[:min(n, len(s))] }},
	{"Skip", fx.Stream[int].Skip, func(s []int, n int) []int { return s[min(n, len(s)):] }},
	{"Tail", fx.Stream[int].Tail, func(s []int, n int) []int { return s[max(0, len(s)-n):] }},
	{"Filter", func(s fx.Stream[int], _ int) fx.Stream[int] { return s.Filter(isEven) },
		func(s []int, _ int) []int { return slices.DeleteFunc(s, func(v int) bool { return !isEven(v) }) }},
	{"Map", func(s fx.Stream[int], n int) fx.Stream[int] { return fx.Map(s, func(v int) int { return v + n }) },
		func(s []int, n int) []int {
			for i := range s {
				s[i] += n
			}
			return s
		}},
	{"Distinct", func(s fx.Stream[int], _ int) fx.Stream[int] { return fx.Distinct(s) },
		func(s []int, _ int) (out []int) {
			for _, v := range s {
				if !slices.Contains(out, v) {
					out = append(out, v)
				}
			}
			return out
		}},
	{"Reverse", func(s fx.Stream[int], _ int) fx.Stream[int] { return s.Reverse() },
		func(s []int, _ int) []int { slices.Reverse(s); return s }},
	{"Sort", func(s fx.Stream[int], n int) fx.Stream[int] { return s.Sort(byRest(n)) },
		func(s []int, n int) []int { slices.SortStableFunc(s, byRest(n)); return s }},
	{"Concat", func(s fx.Stream[int], n int) fx.Stream[int] { return s.Concat(upTo(n), s.Head(1)) },
		func(s []int, n int) []int {
			first := slices.Clone(s[:min(1, len(s))])
			return append(append(s, slices.Collect(count(n))...), first...)
		}},
	{"Split", func(s fx.Stream[int], n int) fx.Stream[int] {
		return fx.Map(fx.Split(s, n+1), func(c []int) int { return 100*len(c) + c[0] })
	}, func(s []int, n int) (out []int) {
		for c := range slices.Chunk(s, n+1) {
			out = append(out, 100*len(c)+c[0])
		}
		return out
	}},
	{"Buffer", fx.Stream[int].Buffer, func(s []int, _ int) []int { return s }},
	{"Merge", func(s fx.Stream[int], _ int) fx.Stream[int] { return fx.Merge(s) }, func(s []int, _ int) []int { return s }},
}

// byRest orders by the rest of the division by a few, so that many are equal.
func byRest(n int) func(a, b int) int {
	return func(a, b int) int { return cmp.Compare(a%(n%5+1), b%(n%5+1)) }
}

// checkChain compares the chain of stages that code spells with its oracle.
func checkChain(t *testing.T, items []int, code []byte) {
	t.Helper()
	s, want := fx.Just(items...), slices.Clone(items)
	var names []string
	for _, c := range code {
		stage, n := stages[int(c)%len(stages)], int(c)/len(stages)
		names = append(names, stage.name)
		s, want = stage.stream(s, n), stage.slice(want, n)
	}
	got := s.Collect()
	require.ElementsMatch(t, want, got, names)
	require.True(t, slices.Equal(want, got), "%v of %v: %v, not %v", names, items, got, want)
	first, ok := s.First()
	require.Equal(t, len(want) > 0, ok, names)
	if ok {
		require.Equal(t, want[0], first, names)
	}
	require.Equal(t, len(want), s.Count(), names)
}

func TestChainsOfStagesDoWhatTheirOraclesDo(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		items := make([]int, rng.IntN(20))
		for i := range items {
			items[i] = rng.IntN(10)
		}
		code := make([]byte, rng.IntN(5))
		for i := range code {
			code[i] = byte(rng.IntN(256))
		}
		checkChain(t, items, code)
	}
}

func FuzzChainsOfStages(f *testing.F) {
	f.Add(uint8(9), []byte{3, 6, 40})
	f.Fuzz(func(t *testing.T, n uint8, code []byte) {
		items := make([]int, n)
		for i := range items {
			items[i] = i * i % 7
		}
		checkChain(t, items, code[:min(len(code), 6)])
	})
}
