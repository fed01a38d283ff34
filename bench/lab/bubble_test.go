package lab_test

import (
	"testing"
	"testing/synctest"

	"github.com/weirgo/weir/bench/lab"
)

// bubble makes bubbles of a test.
func bubble(t *testing.T) lab.Bubble {
	return func(f func()) { synctest.Test(t, func(*testing.T) { f() }) }
}
