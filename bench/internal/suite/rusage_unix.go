//go:build unix

package suite

import (
	"syscall"
	"time"
)

// ProcessorTime returns for how long this process has had a processor, summed up
// over its threads.
func ProcessorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
