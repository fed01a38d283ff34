//go:build !unix && !windows

package load

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

var errNoCPUTime = fmt.Errorf("load: CPU time on %s: %w", runtime.GOOS, errors.ErrUnsupported)

// processCPU fails: this system does not tell.
func processCPU() (time.Duration, error) { return 0, errNoCPUTime }
