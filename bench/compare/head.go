package main

import (
	"fmt"
	"io"
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

// head is what one must know to read the figures.
type head struct {
	Machine suite.Machine  `json:"machine"`
	Modules []suite.Module `json:"modules"`
	Rounds  int            `json:"rounds"`
	Time    float64        `json:"seconds_per_measurement"`
	CPUs    []int          `json:"cpus"` // settings of GOMAXPROCS
}

func newHead(c config) head {
	return head{
		Machine: suite.ThisMachine(),
		Modules: c.suite.Modules(),
		Rounds:  c.options.Rounds,
		Time:    c.options.Time.Seconds(),
		CPUs:    c.options.CPUs,
	}
}

func writeHead(w io.Writer, h head) {
	m := h.Machine
	if m.Commit == "" {
		m.Commit = "unknown"
	}
	fmt.Fprintf(w, "%s, %d cores, %s/%s, %s, commit %s\n", m.CPU, m.Cores, m.OS, m.Arch, m.Go, m.Commit)
	fmt.Fprintf(w, "median of %d rounds of %s, GOMAXPROCS %v\n", h.Rounds, time.Duration(h.Time*float64(time.Second)), h.CPUs)
	for _, module := range h.Modules {
		fmt.Fprintf(w, "  %s %s\n", module.Path, module.Version)
	}
}
