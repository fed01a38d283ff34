package load

import (
	"fmt"
	"syscall"
	"time"
)

// processCPU returns how much CPU time the process has used so far.
func processCPU() (time.Duration, error) {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0, fmt.Errorf("load: GetCurrentProcess: %w", err)
	}
	var created, exited, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(self, &created, &exited, &kernel, &user); err != nil {
		return 0, fmt.Errorf("load: GetProcessTimes: %w", err)
	}
	return ticks(kernel) + ticks(user), nil
}

// ticks returns the duration in t, which counts units of 100 ns. Its Nanoseconds
// method would take it for a date.
func ticks(t syscall.Filetime) time.Duration {
	return time.Duration(uint64(t.HighDateTime)<<32|uint64(t.LowDateTime)) * 100
}
