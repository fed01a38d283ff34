package hash

// LogOne is 1 in what Cost returns.
const LogOne = logOne

// Cost returns -log2(draw/2^64).
func Cost(draw uint64) uint64 { return logs().cost(draw) }
