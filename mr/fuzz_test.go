package mr_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/mr"
)

// A plain loop is the oracle: the same results, or the one error there is.
func FuzzAllAgreeWithALoop(f *testing.F) {
	f.Add(uint16(0), uint8(0), uint16(0), false)
	f.Add(uint16(1), uint8(1), uint16(0), false)
	f.Add(uint16(1000), uint8(16), uint16(999), false)
	f.Add(uint16(4097), uint8(3), uint16(5000), true)
	f.Add(uint16(513), uint8(255), uint16(512), true)
	f.Fuzz(func(t *testing.T, n uint16, workers uint8, failing uint16, collectErrors bool) {
		o := mr.Options{Workers: int(workers), CollectErrors: collectErrors}
		fn := func(_ context.Context, i int) (int, error) {
			if i == int(failing) {
				return 0, errTest
			}
			return 3 * i, nil
		}
		want := make([]int, n)
		for i := range want {
			want[i], _ = fn(t.Context(), i)
		}
		fails := failing < n
		check := func(all []int, err error) {
			if !fails {
				require.NoError(t, err)
				require.Equal(t, want, all)
				return
			}
			require.ErrorIs(t, err, errTest)
			if collectErrors {
				require.Equal(t, want, all)
			} else {
				require.Nil(t, all)
			}
		}
		check(mr.Map(t.Context(), count(int(n)), fn, o))
		check(mr.MapSlice(t.Context(), upTo(int(n)), fn, o))
		all, err := mr.MapReduce(t.Context(), count(int(n)), func(ctx context.Context, i int, yield func(int)) error {
			u, err := fn(ctx, i)
			if err == nil || collectErrors {
				yield(u)
			}
			return err
		}, collect, o)
		slices.Sort(all)
		if fails && collectErrors {
			slices.Sort(want)
		}
		check(all, err)
	})
}
