package mr

import "time"

// A batch that took less than short may be twice as long next time. One that took
// more than long is far too long.
const (
	short = 5 * time.Microsecond
	long  = 20 * time.Microsecond
)

// resize is how many items to do in one go, where so many took so long. Items are
// taken one by one unless they are cheap.
func resize(size, most int, took time.Duration) int {
	switch {
	case took > long:
		return max(1, size/8)
	case took < short:
		return min(most, size*2)
	}
	return size
}
