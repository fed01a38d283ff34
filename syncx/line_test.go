package syncx_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

func TestWhatIsGrantedToOneWhoLeavesIsNotLost(t *testing.T) {
	got, ok, left := syncx.AwaitWithDone(7, true)
	require.True(t, ok)
	require.Equal(t, 7, got)
	require.Zero(t, left)

	_, ok, left = syncx.AwaitWithDone(7, false)
	require.False(t, ok)
	require.Zero(t, left, "who leaves is gone")
}
