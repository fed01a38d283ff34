package lab

import (
	"github.com/weirgo/weir/internal/simulate"
	"github.com/weirgo/weir/load"
)

const weirName = "Weir"

// Weir is the shedder, with its default options but for one: the CPU of the process
// that simulates is real, and has nothing to do with the service, which burns none.
func Weir() Subject {
	return Subject{weirName, func() simulate.Guard { return Guarded(load.New(load.Options{CPUThreshold: -1})) }}
}
