package weir_test

import (
	"encoding/json"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// modFile is the part of `go mod edit -json` and `go work edit -json` that the
// rules are about.
type modFile struct {
	Module  struct{ Path string }
	Go      string
	Tool    []struct{ Path string }
	Use     []struct{ DiskPath string }
	Replace []struct{ Old, New struct{ Path string } }
	Require []struct {
		Path     string
		Indirect bool
	}
}

func readModFile(t *testing.T, name string) (m modFile) {
	t.Helper()
	readText(t, name) // so that a change of the file makes a cached result stale
	kind := "mod"
	if path.Ext(name) == ".work" {
		kind = "work"
	}
	out, err := exec.Command("go", kind, "edit", "-json", filepath.FromSlash(name)).Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &m))
	return m
}

func TestWorkspaceListsEveryModuleButBench(t *testing.T) {
	repo, _ := shipped(t)
	var want, got []string
	for _, m := range repo.modules {
		if m != "bench" {
			want = append(want, m)
		}
	}
	for _, u := range readModFile(t, "go.work").Use {
		got = append(got, path.Clean(u.DiskPath))
	}
	require.ElementsMatch(t, want, got)
}

// What the root requires is in the module graph of whoever wants a breaker.
func TestRootRequiresNothingButWhatItMayImportAndItsTestsNeed(t *testing.T) {
	allowed := []string{"github.com/stretchr/testify", "go.uber.org/goleak", "golang.org/x/sync"}
	for _, modules := range foreign {
		allowed = append(allowed, modules...)
	}
	for _, r := range readModFile(t, "go.mod").Require {
		if !r.Indirect {
			require.Contains(t, allowed, r.Path)
		}
	}
}

func TestModulesStandOnTheRoot(t *testing.T) {
	repo, _ := shipped(t)
	root := readModFile(t, "go.mod")
	require.Equal(t, modulePath, root.Module.Path)
	require.Empty(t, root.Replace, "a consumer ignores replace: what needs it would break there")
	require.Equal(t, root.Go, readModFile(t, "go.work").Go)
	for _, dir := range repo.modules {
		m := readModFile(t, path.Join(dir, "go.mod"))
		require.Empty(t, m.Tool, "%s: a tool line is a requirement of every consumer", dir)
		require.Equal(t, root.Go, m.Go, dir)
		require.Equal(t, path.Join(modulePath, dir), m.Module.Path)
		if dir == "." {
			continue
		}
		up := strings.Repeat("../", strings.Count(dir, "/")+1)
		found := false
		for _, r := range m.Replace {
			found = found || r.Old.Path == modulePath && path.Clean(r.New.Path) == path.Clean(up)
		}
		require.True(t, found, "%s/go.mod must replace %s by %s", dir, modulePath, up)
	}
}
