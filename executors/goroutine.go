package executors

import "runtime"

// goroutine returns a number that no other living goroutine has, read from where
// the runtime prints it ("goroutine 7 [running]:"). It takes a microsecond, which a
// worker spends when it starts and a caller when it is about to wait. Nothing else
// can tell that a handler waits for itself.
func goroutine() (id uint64) {
	var text [32]byte
	n := runtime.Stack(text[:], false)
	for _, b := range text[min(n, len("goroutine ")):n] {
		if b < '0' || b > '9' {
			break
		}
		id = id*10 + uint64(b-'0')
	}
	return id
}
