package weirprom

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/weirgo/weir"
)

// valid reports whether Prometheus of whatever version takes such a metric.
func (e *entry) valid() bool {
	if !validName(e.name, true) || e.kind != weir.Gauge && e.kind != weir.Counter {
		return false
	}
	for i, l := range e.labels {
		if !validName(l.Name, false) || strings.HasPrefix(l.Name, "__") {
			return false
		}
		if slices.ContainsFunc(e.labels[:i], func(other weir.Label) bool { return other.Name == l.Name }) {
			return false
		}
	}
	return true
}

// validName reports whether s is a name of the classic form. Only names of metrics may
// have colons.
func validName(s string, colons bool) bool {
	for i, r := range s {
		switch {
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '_':
		case i > 0 && '0' <= r && r <= '9':
		case colons && r == ':':
		default:
			return false
		}
	}
	return s != ""
}

// safeLabels returns labels with values that any Prometheus takes, sorted by name: the
// same ones if they are so.
func safeLabels(labels []weir.Label) []weir.Label {
	if slices.IsSortedFunc(labels, byName) && !slices.ContainsFunc(labels, func(l weir.Label) bool { return !safe(l.Value) }) {
		return labels
	}
	labels = slices.Clone(labels)
	for i := range labels {
		labels[i].Value = safeValue(labels[i].Value)
	}
	slices.SortFunc(labels, byName)
	return labels
}

func byName(a, b weir.Label) int { return cmp.Compare(a.Name, b.Name) }

// maxValue is how many bytes of a value are shown.
const maxValue = 1000

func safe(v string) bool {
	return len(v) <= maxValue && utf8.ValidString(v) && strings.IndexByte(v, 0) < 0
}

// safeValue returns v without what is not UTF-8, without NUL, and of bounded length.
func safeValue(v string) string {
	if len(v) > maxValue {
		return safeText(cut(v)) + "…" + digest(v)
	}
	return safeText(v)
}

func safeText(v string) string {
	if strings.IndexByte(v, 0) >= 0 {
		v = strings.ReplaceAll(v, "\x00", "\uFFFD")
	}
	return strings.ToValidUTF8(v, "\uFFFD")
}

// cut returns the beginning of v, and no half of a rune.
func cut(v string) string {
	end := maxValue
	for end > maxValue-utf8.UTFMax && !utf8.RuneStart(v[end]) {
		end--
	}
	return strings.Clone(v[:end]) // lest it keep the rest
}

// digest tells long values with the same beginning apart, in all processes alike.
func digest(v string) string {
	h := fnv.New64a()
	_, _ = io.WriteString(h, v)
	return fmt.Sprintf("%016x", h.Sum64())
}
