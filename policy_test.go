package weir_test

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ranks is the order of the packages: one imports only what ranks below it, or
// its own subpackages. A new top directory gets a rank here first.
var ranks = map[string]int{
	"internal": 0, ".": 1,
	"collection": 2, "bloom": 2, "hash": 2,
	"syncx": 3, "threading": 4,
	"executors": 5, "fx": 5, "mr": 5, "cache": 5,
	"breaker": 6, "limit": 6, "load": 6,
	"weirhttp": 7,
	"weiretcd": 8, "weirgrpc": 8, "weirredis": 8, "weirprom": 8,
}

// foreign are the modules that a package may import besides the standard
// library, golang.org/x/sync and this module. The adapters' modules each bring
// what they adapt to.
var foreign = map[string][]string{
	"cache":     {"github.com/maypok86/otter/v2"},
	"hash":      {"github.com/cespare/xxhash/v2"},
	"bloom":     {"github.com/cespare/xxhash/v2"},
	"weiretcd":  {"go.etcd.io/etcd/api/v3", "go.etcd.io/etcd/client/v3", "google.golang.org/grpc"},
	"weirgrpc":  {"google.golang.org/grpc", "google.golang.org/genproto", "google.golang.org/protobuf"},
	"weirredis": {"github.com/redis/go-redis/v9"},
	"weirprom":  {"github.com/prometheus/client_golang", "github.com/prometheus/client_model"},
}

// forTests are packages that would link test code into a user's program, or
// that act when they are merely imported: a flag, a handler, a registry.
var forTests = []string{
	"testing", "net/http/httptest", "expvar", "net/http/pprof",
	"github.com/stretchr/testify", "go.uber.org/goleak",
}

func within(importPath, prefix string) bool {
	return importPath == prefix || strings.HasPrefix(importPath, prefix+"/")
}

func withinAny(importPath string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return within(importPath, p) })
}

// eachImport calls visit for every import of production code, whatever its
// build constraints.
func eachImport(t *testing.T, visit func(p *goPackage, importPath string, fault func(string))) {
	t.Helper()
	repo, pkgs := shipped(t)
	var bad faults
	for _, p := range pkgs {
		for _, f := range p.code {
			for _, spec := range f.ast.Imports {
				importPath, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				visit(p, importPath, func(text string) { bad.add(repo.fset.Position(spec.Pos()), text) })
			}
		}
	}
	bad.check(t)
}

func TestProductionCodeImportsOnlyWhatItMay(t *testing.T) {
	eachImport(t, func(p *goPackage, importPath string, fault func(string)) {
		first, _, _ := strings.Cut(importPath, "/")
		standard := !strings.Contains(first, ".") && importPath != "C"
		if !standard && !within(importPath, modulePath) && !within(importPath, "golang.org/x/sync") &&
			!withinAny(importPath, foreign[p.top()]) {
			fault(p.dir + " may not import " + importPath)
		}
	})
}

func TestEveryPackageHasARank(t *testing.T) {
	_, pkgs := shipped(t)
	for _, p := range pkgs {
		require.Contains(t, ranks, p.top(), "where does %s stand?", p.dir)
	}
}

func TestImportsPointOneWay(t *testing.T) {
	eachImport(t, func(p *goPackage, importPath string, fault func(string)) {
		if !within(importPath, modulePath) {
			return
		}
		target := &goPackage{dir: path.Clean("." + strings.TrimPrefix(importPath, modulePath))}
		if target.top() != p.top() && ranks[target.top()] >= ranks[p.top()] {
			fault(p.dir + " may not import " + target.dir + ", which does not rank below it")
		}
	})
}

func TestNoTestCodeIsLinkedIntoProduction(t *testing.T) {
	eachImport(t, func(p *goPackage, importPath string, fault func(string)) {
		if withinAny(importPath, forTests) {
			fault(importPath + " must not be linked into a user's program")
		}
	})
}
