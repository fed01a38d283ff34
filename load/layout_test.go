package load

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// span returns where in a shedder a field is, in bytes.
func span(path string) (from, to uintptr) {
	t := reflect.TypeFor[Shedder]()
	for name := range strings.SplitSeq(path, ".") {
		f, ok := t.FieldByName(name)
		if !ok {
			panic("no field " + path)
		}
		from += f.Offset
		t = f.Type
	}
	return from, from + t.Size()
}

// linesAt returns the lines of memory that fields are on, if the shedder begins so many
// bytes behind the start of one.
func linesAt(start uintptr, paths ...string) map[uintptr]bool {
	lines := map[uintptr]bool{}
	for _, path := range paths {
		from, to := span(path)
		for at := start + from; at < start+to; at++ {
			lines[at/lineSize] = true
		}
	}
	return lines
}

// The runtime puts what it allocates at the start of a line, or eight bytes behind it.
var starts = []uintptr{0, 8}

func TestWhatIsWrittenAtOneTimeIsOnOneLine(t *testing.T) {
	for _, start := range starts {
		require.Len(t, linesAt(start, "meter.inFlight", "meter.crowd", "meter.refused", "meter.capped"), 1)
		require.Len(t, linesAt(start, "meter.last", "meter.busy", "meter.done", "meter.skipped"), 1)
	}
}

func TestCallsReadNothingOnTheLinesThatCallsWrite(t *testing.T) {
	read := []string{"opts", "epoch", "rules", "monitor", "queue", "fair", "hung", "refused.errs", "refused.signals"}
	for _, start := range starts {
		lines := linesAt(start, read...)
		for line := range linesAt(start, "meter", "refused.counts", "refused.spared", "clean", "crowded", "control") {
			require.False(t, lines[line], "line %d", line)
		}
	}
}

func TestCallsInFlightShareNoLine(t *testing.T) {
	// Of what is larger, the runtime puts no two into one line.
	require.Greater(t, reflect.TypeFor[holder]().Size(), uintptr(48))
}
