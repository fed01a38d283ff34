package collection_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Each step is three bytes: what, which key, and a delay that is a byte shifted by
// a byte, so that all levels and all edges of ticks come up.
func FuzzWheelFiresEachAtItsTickAndOnce(f *testing.F) {
	f.Add([]byte{0, 1, 10, 3, 0, 20})
	f.Add([]byte{0, 1, 0xff, 1, 1, 0x33, 3, 0, 0x7f, 2, 1, 0})
	f.Add([]byte{0, 1, 0, 0, 2, 0x4f, 4, 0, 0, 0, 1, 5, 3, 0, 0xff})
	f.Fuzz(func(t *testing.T, steps []byte) {
		synctest.Test(t, func(t *testing.T) {
			c := newCheck(t, 10*time.Millisecond)
			for ; len(steps) >= 3; steps = steps[3:] {
				key := int(steps[1] % 8)
				d := time.Duration(steps[2]&15-1) * time.Millisecond << (steps[2] >> 4)
				_, was := c.due[key]
				switch steps[0] % 5 {
				case 0:
					c.timeline.set(key, d)
					c.value[key] = int(steps[2])
					require.NoError(t, c.wheel.Set(key, int(steps[2]), d))
				case 1:
					if was {
						c.timeline.set(key, d)
					}
					require.Equal(t, was, c.wheel.Move(key, d))
				case 2:
					v, ok := c.wheel.Remove(key)
					require.Equal(t, was, ok)
					require.Equal(t, c.value[key], v)
					c.timeline.remove(key)
				case 3:
					c.pass(d)
				case 4:
					n, err := c.wheel.Drain(context.Background(), func(key, v int, remaining time.Duration) {
						at, ok := c.due[key]
						require.True(t, ok)
						require.Equal(t, c.value[key], v)
						require.Equal(t, time.Until(at), remaining)
						c.timeline.remove(key)
					})
					require.NoError(t, err)
					require.GreaterOrEqual(t, n, 0)
					require.Empty(t, c.due)
				}
				c.pass(0)
			}
			c.pass(24 * time.Hour)
			require.Empty(t, c.due)
		})
	})
}
