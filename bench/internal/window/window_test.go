package window

import "testing"

func TestBothWindowsHoldWhatWasAdded(t *testing.T) {
	for name, loop := range map[string]func() func(int) int{
		"weir":    func() func(int) int { return weirAddTotal() },
		"go-zero": func() func(int) int { return gozeroAddTotal() },
	} {
		if odd := loop()(1000); odd != 0 {
			t.Errorf("%s: %d of 1000 totals were empty", name, odd)
		}
	}
}
