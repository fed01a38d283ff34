package metrics_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unshipped are the modules that nobody imports.
var unshipped = []string{"bench", "examples", "verify"}

// implementers returns all exported types that have a method of this name and of a type
// for which fits is true, by directory and name.
func implementers(t *testing.T, method string, fits func(*ast.FuncType) bool) (all []string) {
	fset := token.NewFileSet()
	require.NoError(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		rel = filepath.ToSlash(rel)
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "internal" || d.Name() == ".git" || slices.Contains(unshipped, rel)) {
			return fs.SkipDir
		}
		if d.IsDir() || err != nil || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(fset, p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			if receiver, ok := receiverOf(decl, method, fits); ok && ast.IsExported(receiver) {
				all = append(all, path.Dir(rel)+"."+receiver)
			}
		}
		return nil
	}))
	slices.Sort(all)
	return slices.Compact(all)
}

func receiverOf(decl ast.Decl, method string, fits func(*ast.FuncType) bool) (receiver string, ok bool) {
	f, ok := decl.(*ast.FuncDecl)
	if !ok || f.Recv == nil || f.Name.Name != method || !fits(f.Type) {
		return "", false
	}
	e := f.Recv.List[0].Type
	for {
		switch inner := e.(type) {
		case *ast.StarExpr:
			e = inner.X
		case *ast.IndexExpr:
			e = inner.X
		case *ast.IndexListExpr:
			e = inner.X
		case *ast.Ident:
			return inner.Name, true
		default:
			return "", false
		}
	}
}

func isStats(f *ast.FuncType) bool { return len(f.Params.List) == 0 }

// isMetrics reports whether a method takes yield func(weir.Metric) bool.
func isMetrics(f *ast.FuncType) bool {
	if len(f.Params.List) != 1 {
		return false
	}
	yield, ok := f.Params.List[0].Type.(*ast.FuncType)
	return ok && yield.Results != nil && len(yield.Params.List) == 1
}

// isCollect reports whether a method takes a channel, as those of Prometheus do.
func isCollect(f *ast.FuncType) bool {
	if len(f.Params.List) != 1 {
		return false
	}
	_, ok := f.Params.List[0].Type.(*ast.ChanType)
	return ok
}

func TestEveryComponentIsOnThePage(t *testing.T) {
	var polled, recorded []string
	for _, s := range sections(t) {
		if len(s.sources) > 0 {
			require.Len(t, s.sources, max(len(s.types), len(s.sources)), s.title)
			polled = append(polled, s.types...)
		} else {
			require.Len(t, s.collectors, len(s.types), s.title)
			recorded = append(recorded, s.types...)
		}
	}
	require.ElementsMatch(t, implementers(t, "Metrics", isMetrics), polled)
	// What a Latency is called, and what it means, is up to its user; a Collector has
	// what it polls.
	recorders := append(recorded, "weirprom.Collector", "weirprom.Latency")
	require.ElementsMatch(t, implementers(t, "Collect", isCollect), recorders)
}

func TestEveryComponentWithStatsHasMetrics(t *testing.T) {
	sources := implementers(t, "Metrics", isMetrics)
	for _, name := range implementers(t, "Stats", isStats) {
		require.Contains(t, sources, name)
	}
}
