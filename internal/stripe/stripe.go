// Package stripe spreads goroutines over the parts of a striped structure.
package stripe

import "unsafe"

// Hint returns a number that tends to stay the same for one goroutine and to
// differ between goroutines, so that two that run at once work on different
// cache lines. It is the hashed address of the caller's stack: no atomic, no
// random source, about a nanosecond. Nothing but speed may depend on it.
func Hint() uint32 {
	var here byte
	// Stacks are at least 2 KiB and aligned; the low bits only tell how deep
	// the caller is in its own.
	page := uint64(uintptr(unsafe.Pointer(&here)) >> 11)
	return uint32((page * 0x9E3779B97F4A7C15) >> 32) // Fibonacci hashing (Knuth, TAOCP 3, 6.4)
}

// Pick maps a hint evenly to 0..n-1 without a division. n must be positive.
func Pick(hint uint32, n int) int {
	return int(uint64(hint) * uint64(n) >> 32)
}
