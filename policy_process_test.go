package weir_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// run runs a command with extra environment and returns its standard output;
// with an error its standard error is the failure.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, "%s %s\n%s%s", name, strings.Join(args, " "), out, errs.String())
	return string(out)
}

// reporter writes what it finds of its process to the file that it is given.
// A handled signal shows as a goroutine: os/signal starts one.
const reporter = `package main

import (
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
)

func main() {
	goroutines := runtime.NumGoroutine()
	flags := 0
	flag.VisitAll(func(*flag.Flag) { flags++ })
	report := fmt.Sprintf("goroutines=%d procs=%d gc=%d memory=%d flags=%d slog=%T log=%d%q",
		goroutines, runtime.GOMAXPROCS(0), debug.SetGCPercent(-1), debug.SetMemoryLimit(-1), flags,
		slog.Default().Handler(), log.Flags(), log.Prefix())
	if err := os.WriteFile(os.Args[1], []byte(report), 0o600); err != nil {
		panic(err)
	}
}
`

// Two programs are compared: one imports every public package of the root
// module, the other none. They live in an overlay, as directories of the module
// that are not on disk, so that its go.sum holds for them.
func TestImportingEverythingDoesNothing(t *testing.T) {
	_, pkgs := public(t)
	imports := "package main\n\nimport (\n"
	for _, p := range pkgs {
		if p.module == "." {
			imports += "\t_ \"" + p.importPath() + "\"\n"
		}
	}
	imports += ")\n"

	root, err := os.Getwd()
	require.NoError(t, err)
	temp := t.TempDir()
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	place := func(program, file, text string) {
		real := filepath.Join(temp, program+"-"+file)
		require.NoError(t, os.WriteFile(real, []byte(text), 0o600))
		overlay.Replace[filepath.Join(root, "internal", "policy", program, file)] = real
	}
	place("all", "main.go", reporter)
	place("all", "imports.go", imports)
	place("none", "main.go", reporter)
	config, err := json.Marshal(overlay)
	require.NoError(t, err)
	configFile := filepath.Join(temp, "overlay.json")
	require.NoError(t, os.WriteFile(configFile, config, 0o600))
	bin := filepath.Join(temp, "bin")
	require.NoError(t, os.Mkdir(bin, 0o700))
	run(t, root, nil, "go", "build", "-overlay", configFile, "-o", bin+string(filepath.Separator),
		"./internal/policy/all", "./internal/policy/none")

	report := func(program string) string {
		if runtime.GOOS == "windows" {
			program += ".exe"
		}
		file := filepath.Join(temp, program+".txt")
		out, err := exec.Command(filepath.Join(bin, program), file).CombinedOutput()
		require.NoError(t, err)
		require.Empty(t, string(out), "importing printed something")
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		return string(b)
	}
	none := report("none")
	require.True(t, strings.HasPrefix(none, "goroutines=1 "), none)
	require.Equal(t, none, report("all"))
}

// A consumer who wants one core package gets that package's own code, the
// standard library, and nothing else: no other module is as much as looked at,
// for the module cache is empty and nothing can be downloaded.
func TestConsumerOfOnePackageCompilesNothingForeign(t *testing.T) {
	root, err := os.Getwd()
	require.NoError(t, err)
	language := readModFile(t, "go.mod").Go
	for _, name := range []string{"", "breaker", "limit", "collection", "weirhttp"} {
		importPath := strings.TrimSuffix(modulePath+"/"+name, "/")
		t.Run(importPath, func(t *testing.T) {
			dir := t.TempDir()
			goMod := "module example.com/consumer\n\ngo " + language + "\n\nrequire " + modulePath + " v0.0.0\n\nreplace " +
				modulePath + " => " + root + "\n"
			require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(goMod), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"),
				[]byte("package main\n\nimport _ \""+importPath+"\"\n\nfunc main() {}\n"), 0o600))
			env := []string{"GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local", "GOMODCACHE=" + t.TempDir()}

			out := run(t, dir, env, "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
			compiled := strings.Fields(out)
			require.Contains(t, compiled, importPath)
			for _, dep := range compiled {
				require.True(t, within(dep, modulePath) || dep == "example.com/consumer", "compiles %s", dep)
			}
			after, err := os.ReadFile(filepath.Join(dir, "go.mod"))
			require.NoError(t, err)
			require.Equal(t, goMod, string(after), "one require line is all that a consumer needs")
		})
	}
}
