package main

import "fmt"

// Figures are what a server has done. They count posts, but for the last two.
type figures struct {
	Accepted uint64 `json:"accepted"`
	Handled  uint64 `json:"handled"` // durable
	Failed   uint64 `json:"failed"`  // given up, and their clients told
	Retries  uint64 `json:"retries"` // of batches
	Refused  uint64 `json:"refused"` // for want of room
	Lines    int64  `json:"lines"`   // durable
	Fsyncs   int64  `json:"fsyncs"`
}

func (f figures) pending() uint64 { return f.Accepted - f.Handled - f.Failed }

func (f figures) plus(g figures) figures {
	return figures{
		f.Accepted + g.Accepted, f.Handled + g.Handled, f.Failed + g.Failed, f.Retries + g.Retries,
		f.Refused + g.Refused, f.Lines + g.Lines, f.Fsyncs + g.Fsyncs,
	}
}

func (f figures) linesPerFsync() float64 { return float64(f.Lines) / max(1, float64(f.Fsyncs)) }

// A farewell is what a server says in the end.
type farewell struct {
	figures
	Drained uint64 `json:"drained"` // posts under way when it was told to end
	Lost    uint64 `json:"lost"`    // accepted, and neither handled nor given up
}

func (f farewell) Verdict() string {
	return fmt.Sprintf("%d posts were under way at the end. Of %d accepted %d were handled, %d given up and %d lost: "+
		"%d lines, %.1f per fsync.", f.Drained, f.Accepted, f.Handled, f.Failed, f.Lost, f.Lines, f.linesPerFsync())
}
