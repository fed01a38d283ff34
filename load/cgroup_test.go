package load

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// A layout is what a system shows of its control groups. Limits are files below
// sys/fs/cgroup.
type layout struct {
	groups string // of /proc/self/cgroup
	mounts string // of /proc/self/mountinfo
	limits map[string]string
	want   float64
}

func (l layout) files() fstest.MapFS {
	files := fstest.MapFS{
		"proc/self/cgroup":    {Data: []byte(l.groups)},
		"proc/self/mountinfo": {Data: []byte(l.mounts)},
	}
	for name, text := range l.limits {
		files[path.Join("sys/fs/cgroup", name)] = &fstest.MapFile{Data: []byte(text + "\n")}
	}
	return files
}

var none = math.Inf(1)

const (
	hostMounts = `22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
23 22 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
24 22 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:2 - sysfs sysfs rw
`
	unified = hostMounts + `30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
`
	hybrid = hostMounts + `30 24 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:4 - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:5 - cgroup2 cgroup2 rw,nsdelegate
32 30 0:28 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:6 - cgroup cgroup rw,xattr,name=systemd
33 30 0:29 / /sys/fs/cgroup/cpuset rw,nosuid,nodev,noexec,relatime shared:7 - cgroup cgroup rw,cpuset
34 30 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:8 - cgroup cgroup rw,cpu,cpuacct
`
	pod = "/kubepods/burstable/pod1f3c"
)

// v1Container is a container that sees the host's names of groups, but only the
// part of the hierarchy below its own.
func v1Container(group string) string {
	return `700 650 0:60 / / rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/u,workdir=/w
701 700 0:61 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
710 700 0:62 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755
711 710 0:28 ` + group + ` /sys/fs/cgroup/systemd ro,nosuid,nodev,noexec,relatime master:9 - cgroup cgroup rw,xattr,name=systemd
712 710 0:30 ` + group + ` /sys/fs/cgroup/cpu,cpuacct ro,nosuid,nodev,noexec,relatime master:16 - cgroup cgroup rw,cpu,cpuacct
713 710 0:33 ` + group + ` /sys/fs/cgroup/cpuset ro,nosuid,nodev,noexec,relatime master:19 - cgroup cgroup rw,cpuset
`
}

func v1Groups(group string) string {
	return "12:cpuset:" + group + "\n4:cpu,cpuacct:" + group + "\n1:name=systemd:" + group + "\n0::" + group + "\n"
}

var layouts = map[string]layout{
	"v2, service": {
		"0::/system.slice/api.service\n", unified,
		map[string]string{"system.slice/cpu.max": "max 100000", "system.slice/api.service/cpu.max": "150000 100000"}, 1.5,
	},
	"v2, service without a limit": {
		"0::/system.slice/api.service\n", unified,
		map[string]string{"system.slice/cpu.max": "max 100000", "system.slice/api.service/cpu.max": "max 100000"}, none,
	},
	"v2, limit of a group above": {
		"0::/system.slice/api.service/workers\n", unified,
		map[string]string{
			"system.slice/cpu.max": "25000 50000", "system.slice/api.service/cpu.max": "400000 100000",
			"system.slice/api.service/workers/cpu.max": "max 100000",
		}, 0.5,
	},
	"v2, container with a namespace": {
		"0::/\n", strings.ReplaceAll(unified, "rw,nosuid", "ro,nosuid"),
		map[string]string{"cpu.max": "50000 100000"}, 0.5,
	},
	"v2, container without a namespace": {
		"0::" + pod + "/c0ffee\n", strings.ReplaceAll(unified, "/ /sys/fs/cgroup", pod+"/c0ffee /sys/fs/cgroup"),
		map[string]string{"cpu.max": "125000 50000", pod + "/c0ffee/cpu.max": "1 100000"}, 2.5,
	},
	"v2, pod with less than its container": {
		"0::" + pod + "/c0ffee\n", unified,
		map[string]string{pod + "/cpu.max": "200000 100000", pod + "/c0ffee/cpu.max": "400000 100000"}, 2,
	},
	"v2, group was deleted": {
		"0::/system.slice/old.service (deleted)\n", unified,
		map[string]string{"system.slice/cpu.max": "300000 100000"}, 3,
	},
	"v2, docker in docker": {
		"0::/docker/inner\n", unified,
		map[string]string{"cpu.max": "200000 100000", "docker/inner/cpu.max": "100000 100000"}, 1,
	},
	"v2, outside the namespace": {
		"0::/../init.scope\n", unified,
		map[string]string{"cpu.max": "50000 100000", "init.scope/cpu.max": "50000 100000"}, none,
	},
	"v2, outside the namespace, but mounted": {
		"0::/../../init.scope\n", strings.ReplaceAll(unified, "/ /sys/fs/cgroup", "/../.. /sys/fs/cgroup"),
		map[string]string{"init.scope/cpu.max": "70000 100000"}, 0.7,
	},
	"v2, blanks and backslashes": {
		"0::/my group/a\\b\n", strings.ReplaceAll(unified, "/ /sys/fs/cgroup", `/my\040group /sys/fs/cgroup/x\011\134`),
		map[string]string{"x\t\\/a\\b/cpu.max": "60000 100000"}, 0.6,
	},
	"v2, colon in a name": {
		"0::/a:b/c\n", unified, map[string]string{"a:b/c/cpu.max": "60000 100000"}, 0.6,
	},
	"v2, mounted in two places": {
		"0::/box/a\n", unified + "40 24 0:26 /box /sys/fs/cgroup/second rw - cgroup2 cgroup2 rw\n",
		map[string]string{"box/a/cpu.max": "200000 100000", "second/a/cpu.max": "200000 100000"}, 2,
	},
	"v2, mount of a group whose name begins alike": {
		"0::/docker/c0ffee\n", strings.ReplaceAll(unified, "/ /sys/fs/cgroup", "/doc /sys/fs/cgroup"),
		map[string]string{"cpu.max": "50000 100000", "ker/c0ffee/cpu.max": "50000 100000"}, none,
	},
	"v2, after a long line": {
		"0::/\n", "19 1 0:60 / / rw - overlay overlay rw,lowerdir=" + strings.Repeat("/l:", 100_000) + "\n" + unified,
		map[string]string{"cpu.max": "50000 100000"}, 0.5,
	},
	"v2, mount without a source": {
		"0::/\n", strings.ReplaceAll(unified, "cgroup2 cgroup2", "cgroup2 "),
		map[string]string{"cpu.max": "50000 100000"}, 0.5,
	},

	"v1, container with a namespace": {
		v1Groups("/"), v1Container("/"),
		map[string]string{"cpu,cpuacct/cpu.cfs_quota_us": "50000", "cpu,cpuacct/cpu.cfs_period_us": "100000"}, 0.5,
	},
	"v1, container without a namespace": {
		v1Groups("/docker/c0ffee"), v1Container("/docker/c0ffee"),
		map[string]string{
			"cpu,cpuacct/cpu.cfs_quota_us": "350000", "cpu,cpuacct/cpu.cfs_period_us": "100000",
			// Not of the CPU controller.
			"cpuset/cpu.cfs_quota_us": "1000", "cpuset/cpu.cfs_period_us": "100000",
		}, 3.5,
	},
	"v1, container without a limit": {
		v1Groups("/docker/c0ffee"), v1Container("/docker/c0ffee"),
		map[string]string{"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/cpu.cfs_period_us": "100000"}, none,
	},
	"v1, docker in docker": {
		v1Groups("/docker/outer/docker/inner"), v1Container("/docker/outer"),
		map[string]string{
			"cpu,cpuacct/cpu.cfs_quota_us": "200000", "cpu,cpuacct/cpu.cfs_period_us": "100000",
			"cpu,cpuacct/docker/inner/cpu.cfs_quota_us": "150000", "cpu,cpuacct/docker/inner/cpu.cfs_period_us": "50000",
		}, 2,
	},
	"v1, group shown but not mounted": {
		v1Groups(pod + "/c0ffee"), v1Container("/"),
		map[string]string{"cpu,cpuacct/cpu.cfs_quota_us": "50000", "cpu,cpuacct/cpu.cfs_period_us": "100000"}, 0.5,
	},
	"v1, period is missing": {
		v1Groups("/"), v1Container("/"),
		map[string]string{"cpu,cpuacct/cpu.cfs_quota_us": "50000"}, none,
	},

	"hybrid, limit in v1": {
		v1Groups("/system.slice/api.service"), hybrid,
		map[string]string{
			"cpu,cpuacct/system.slice/api.service/cpu.cfs_quota_us":  "120000",
			"cpu,cpuacct/system.slice/api.service/cpu.cfs_period_us": "100000",
			"unified/system.slice/api.service/cgroup.procs":          "1",
		}, 1.2,
	},
	"hybrid, groups differ": {
		"4:cpu,cpuacct:/box\n1:name=systemd:/user.slice\n0::/user.slice\n", hybrid,
		map[string]string{
			"cpu,cpuacct/box/cpu.cfs_quota_us": "80000", "cpu,cpuacct/box/cpu.cfs_period_us": "100000",
			"cpu,cpuacct/user.slice/cpu.cfs_quota_us": "1000", "cpu,cpuacct/user.slice/cpu.cfs_period_us": "100000",
		}, 0.8,
	},
	"hybrid, CPU controller in v2": {
		"1:name=systemd:/user.slice\n0::/user.slice\n", hybrid,
		map[string]string{
			"unified/user.slice/cpu.max": "90000 100000",
			// Of a group that this process is not known to be in.
			"cpu,cpuacct/user.slice/cpu.cfs_quota_us": "1000", "cpu,cpuacct/user.slice/cpu.cfs_period_us": "100000",
		}, 0.9,
	},

	"Kata, v1: the guest has no limit but its CPUs": {
		v1Groups(pod + "/c0ffee"), v1Container(pod + "/c0ffee"),
		map[string]string{"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/cpu.cfs_period_us": "100000"}, none,
	},
	"Kata, v2: the guest has a limit": {
		"0::/\n", unified,
		map[string]string{"cpu.max": "250000 100000"}, 2.5,
	},
	"WSL 1: nothing there": {},
	"WSL 2, hybrid, root group": {
		"13:rdma:/\n3:cpuacct:/\n2:cpu:/\n1:cpuset:/\n0::/\n",
		hostMounts + `70 69 0:33 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup2 rw,nsdelegate
72 69 0:35 / /sys/fs/cgroup/cpu rw,nosuid,nodev,noexec,relatime - cgroup cgroup rw,cpu
73 69 0:36 / /sys/fs/cgroup/cpuacct rw,nosuid,nodev,noexec,relatime - cgroup cgroup rw,cpuacct
90 22 0:50 / /mnt/c rw,noatime - 9p drvfs rw,dirsync,aname=drvfs;path=C:\;uid=1000
`,
		map[string]string{"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, none,
	},
	"WSL 2, v2": {
		"0::/init.scope\n", unified, map[string]string{"init.scope/cpu.max": "max 100000"}, none,
	},

	"no mounts":     {groups: "0::/\n", limits: map[string]string{"cpu.max": "1 100000"}},
	"no groups":     {mounts: unified, limits: map[string]string{"cpu.max": "1 100000"}},
	"no limits":     {groups: "0::/\n", mounts: unified},
	"no CPU at all": {groups: "3:cpuset:/\n2:cpuacct:/\n", mounts: hybrid, limits: map[string]string{"cpu.max": "1 100000"}},
}

func TestQuotaIsFoundInEveryLayout(t *testing.T) {
	for name, l := range layouts {
		if l.want == 0 {
			l.want = none
		}
		require.Equal(t, l.want, cgroupQuota(l.files()), name)
	}
}

func TestQuotaThatMakesNoSenseIsNone(t *testing.T) {
	for _, text := range []string{
		"", "max", "max max", "100000", "x 100000", "100000 x", "100000 0", "0 100000", "-1 100000", "100000 -1",
		"1e5 100000", "100000 100000 100000", "0x10 16", "NaN 1", "Inf 1", "99999999999999999999 1",
		"9223372036854775808 100000", "\x00\xff", strings.Repeat("1", 1000), "1\n100000",
	} {
		l := layout{groups: "0::/a\n", mounts: unified, limits: map[string]string{"a/cpu.max": text}}
		require.Equal(t, none, cgroupQuota(l.files()), "%q", text)
		l.limits["cpu.max"] = "200000 100000"
		require.Equal(t, 2.0, cgroupQuota(l.files()), "%q hides the limit above", text)
	}
}

func TestFilesThatAreDirectoriesGiveNoQuota(t *testing.T) {
	require.Equal(t, none, cgroupQuota(fstest.MapFS{
		"proc/self/cgroup/x":    {},
		"proc/self/mountinfo/x": {},
	}))
	files := layouts["v2, container with a namespace"].files()
	delete(files, "sys/fs/cgroup/cpu.max")
	files["sys/fs/cgroup/cpu.max/x"] = &fstest.MapFile{}
	require.Equal(t, none, cgroupQuota(files))
}

func TestDeepestPathIsWalkedAndALongerOneIsNot(t *testing.T) {
	deep := strings.Repeat("/a", (longestPath-len("sys/fs/cgroup"))/2)
	l := layout{groups: "0::" + deep + "\n", mounts: unified, limits: map[string]string{"cpu.max": "50000 100000"}}
	require.Equal(t, 0.5, cgroupQuota(l.files()))
	l.groups = "0::" + deep + "/a\n"
	require.Equal(t, none, cgroupQuota(l.files()))
}

func TestQuotaOfThisProcessIsPositive(t *testing.T) {
	quota := cgroupQuota(os.DirFS("/"))
	require.Positive(t, quota)
	require.Equal(t, quota, cgroupQuota(os.DirFS("/")))
}

// anywhere is a system in which every directory has all files that set limits.
type anywhere struct {
	fstest.MapFS
	max, quota, period string
	bad                error
}

func (a *anywhere) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) || len(name) > longestPath+len("/cpu.cfs_period_us") {
		a.bad = fmt.Errorf("opens %q", name)
	}
	for suffix, text := range map[string]string{"cpu.max": a.max, "cpu.cfs_quota_us": a.quota, "cpu.cfs_period_us": a.period} {
		if strings.HasSuffix(name, suffix) {
			return fstest.MapFS{"f": {Data: []byte(text)}}.Open("f")
		}
	}
	return a.MapFS.Open(name)
}

func FuzzAnyFilesGiveAPositiveQuota(f *testing.F) {
	for _, l := range layouts {
		f.Add(l.groups, l.mounts, "150000 100000", "50000", "100000")
	}
	f.Add("0::/..\n0:://\n", "1 1 0:1 /.. / r - cgroup2 c rw\n", "max 100000", "-1", "100000")
	f.Add("1:cpu:/a/../b\n", "1 1 0:1 / . r - cgroup c cpu\n1 1 0:1 - cgroup\n - cgroup", "9 0", "9", "0")
	f.Add("0::/\\777\n", `1 1 0:1 /\777 /\1\ r - cgroup2 c rw`, "", "", "")
	f.Fuzz(func(t *testing.T, groups, mounts, maximum, quota, period string) {
		l := layout{groups: groups, mounts: mounts}
		system := &anywhere{MapFS: l.files(), max: maximum, quota: quota, period: period}
		got := cgroupQuota(system)
		require.NoError(t, system.bad)
		require.Greater(t, got, 0.0) // not NaN either
	})
}

func FuzzRatioIsThatOfTwoPositiveNumbers(f *testing.F) {
	f.Add(int64(50000), int64(100000))
	f.Add(int64(-1), int64(100000))
	f.Add(int64(math.MaxInt64), int64(1))
	f.Add(int64(1), int64(0))
	f.Fuzz(func(t *testing.T, quota, period int64) {
		want := none
		if quota > 0 && period > 0 {
			want = float64(quota) / float64(period)
		}
		require.Equal(t, want, ratio(strconv.FormatInt(quota, 10), strconv.FormatInt(period, 10)))
	})
}
