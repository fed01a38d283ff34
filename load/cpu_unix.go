//go:build unix

package load

import (
	"fmt"
	"syscall"
	"time"
)

// processCPU returns how much CPU time the process has used so far.
func processCPU() (time.Duration, error) {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return 0, fmt.Errorf("load: getrusage: %w", err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano()), nil
}
