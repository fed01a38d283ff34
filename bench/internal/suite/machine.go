package suite

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
)

// A Machine says where, and of what, figures were taken.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Go     string `json:"go"`
	Commit string `json:"commit"` // "" if unknown
}

// A Module is a dependency that is measured.
type Module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

// ThisMachine describes the machine that the program runs on.
func ThisMachine() Machine {
	return Machine{
		CPU:    cpuName(),
		Cores:  runtime.NumCPU(),
		OS:     runtime.GOOS,
		Arch:   runtime.GOARCH,
		Go:     runtime.Version(),
		Commit: commit(),
	}
}

// cpuName asks Linux, and settles for the architecture elsewhere.
func cpuName() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // no such file: no lines
	for line := range strings.Lines(string(info)) {
		if key, name, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(name)
		}
	}
	return runtime.GOARCH
}

// commit asks git, because go run does not stamp the programs it builds.
func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// Modules returns the modules that the contenders of s come from, with the
// versions that this program was built with.
func (s Suite) Modules() []Module {
	versions := make(map[string]string)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			versions[dep.Path] = version(dep)
		}
	}
	var modules []Module
	seen := make(map[string]bool)
	for _, line := range s.Lines {
		for _, c := range line.Contenders {
			if c.Module != "" && !seen[c.Module] {
				seen[c.Module] = true
				modules = append(modules, Module{c.Module, versions[c.Module]})
			}
		}
	}
	return modules
}

func version(m *debug.Module) string {
	if m.Replace != nil && strings.HasPrefix(m.Replace.Path, ".") {
		return "working tree"
	}
	return m.Version
}
