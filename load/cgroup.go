package load

import (
	"bufio"
	"bytes"
	"io"
	"io/fs"
	"iter"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Bounds on what is read: the files come from the system, but which system that
// is nobody knows. Both are far above what occurs.
const (
	longestFile = 16 << 20
	longestPath = 4096 // PATH_MAX
)

// cgroupQuota returns how many CPUs the control groups of this process allow it,
// infinitely many if they set no limit or none can be found. The limits of all
// groups above its own count too, as far as they are mounted. root is the root of
// the file system.
//
// Nothing depends on where and in which version the groups are mounted, for that
// differs between hosts, containers, containers in containers, and virtual
// machines; see cgroups(7) and proc_pid_mountinfo(5).
func cgroupQuota(root fs.FS) float64 {
	v1, v2 := ownGroups(root)
	quota := math.Inf(1)
	for line := range linesOf(root, "proc/self/mountinfo") {
		if !bytes.Contains(line, []byte(" - cgroup")) {
			continue // saves work where thousands of things are mounted
		}
		m, ok := parseMount(string(line))
		if !ok {
			continue
		}
		group, limit := v2, limitV2
		if m.v1 {
			group, limit = v1, limitV1
		}
		if dir, ok := m.dir(group); ok {
			quota = min(quota, tightest(root, m.point, dir, limit))
		}
	}
	return quota
}

// ownGroups returns the paths of the groups that this process is in: that of the
// CPU controller's hierarchy, if it has one of its own, and that of the unified
// hierarchy. They are "" where there is none.
func ownGroups(root fs.FS) (v1, v2 string) {
	for line := range linesOf(root, "proc/self/cgroup") {
		id, rest, _ := strings.Cut(string(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		switch {
		case hasCPU(controllers):
			v1 = group
		case id == "0":
			v2 = group
		}
	}
	return v1, v2
}

func hasCPU(list string) bool { return slices.Contains(strings.Split(list, ","), "cpu") }

// A cgroupMount is a place where a hierarchy of control groups, or a part of it,
// can be read.
type cgroupMount struct {
	v1    bool
	root  string // the group that is mounted
	point string // where, without the leading slash
}

func parseMount(line string) (m cgroupMount, ok bool) {
	where, what, _ := strings.Cut(line, " - ")
	place, kind := strings.Fields(where), strings.Fields(what)
	if len(place) < 5 || len(kind) < 2 {
		return m, false
	}
	m.root, m.point = unescape(place[3]), strings.TrimPrefix(unescape(place[4]), "/")
	switch kind[0] {
	case "cgroup":
		m.v1 = true
		return m, hasCPU(kind[len(kind)-1]) // the options of the hierarchy come last
	case "cgroup2":
		return m, true
	}
	return m, false
}

// unescape undoes how the kernel writes blanks and backslashes in paths.
func unescape(p string) string {
	if !strings.Contains(p, `\`) {
		return p
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\043`, "#", `\134`, `\`).Replace(p)
}

// dir returns the directory of a group, if it can be reached through the mount. A
// group outside the namespace of the process has a path with dots, which leads
// nowhere unless the mount's root has the same ones.
func (m cgroupMount) dir(group string) (string, bool) {
	below, ok := strings.CutPrefix(group, strings.TrimSuffix(m.root, "/"))
	if group == "" || !ok || below != "" && below[0] != '/' {
		return "", false
	}
	dir := m.point + strings.TrimSuffix(below, "/")
	return dir, len(dir) <= longestPath && fs.ValidPath(dir)
}

// tightest returns the lowest limit of dir and all directories above, up to top.
// A directory that is missing or sets no limit counts for nothing: its parent may
// be what sets it.
func tightest(root fs.FS, top, dir string, limit func(fs.FS, string) float64) float64 {
	quota := limit(root, dir)
	for dir != top {
		dir = path.Dir(dir)
		quota = min(quota, limit(root, dir))
	}
	return quota
}

// limitV2 reads cpu.max: a quota or "max", and the period, both in microseconds.
func limitV2(root fs.FS, dir string) float64 {
	quota, period, _ := strings.Cut(readValue(root, path.Join(dir, "cpu.max")), " ")
	return ratio(quota, period)
}

// limitV1 reads the same from two files. There a quota of -1 is none.
func limitV1(root fs.FS, dir string) float64 {
	return ratio(readValue(root, path.Join(dir, "cpu.cfs_quota_us")), readValue(root, path.Join(dir, "cpu.cfs_period_us")))
}

// ratio returns how many CPUs a quota allows; infinitely many if it is none, or
// makes no sense.
func ratio(quota, period string) float64 {
	q, err := strconv.ParseInt(quota, 10, 64)
	p, err2 := strconv.ParseInt(period, 10, 64)
	if err != nil || err2 != nil || q <= 0 || p <= 0 {
		return math.Inf(1)
	}
	return float64(q) / float64(p)
}

// readValue returns what is in a small file, "" if it cannot be read.
func readValue(root fs.FS, name string) string {
	f, err := root.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 128))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// linesOf yields the lines of a file, as far as it can be read. A line is valid
// until the next.
func linesOf(root fs.FS, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		f, err := root.Open(name)
		if err != nil {
			return
		}
		defer f.Close()
		lines := bufio.NewScanner(io.LimitReader(f, longestFile))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() && yield(lines.Bytes()) {
		}
	}
}
