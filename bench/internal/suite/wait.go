package suite

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// processorWait returns for how long the threads of this process have been ready to
// run while others had the processors; see waitOf.
func processorWait() (waited time.Duration) { return waitOf("self") }

// waitOf is processorWait of any process, by the name of its directory in /proc: of
// its threads that still exist. Where the system does not say (it is Linux that
// does), that is 0.
func waitOf(process string) (waited time.Duration) {
	files, _ := filepath.Glob("/proc/" + process + "/task/*/schedstat") // the pattern is valid
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		// Nanoseconds on a processor, nanoseconds of waiting, times it ran.
		if fields := bytes.Fields(stat); len(fields) > 1 {
			ns, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			waited += time.Duration(ns)
		}
	}
	return waited
}
