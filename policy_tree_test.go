package weir_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const modulePath = "github.com/weirgo/weir"

// unshipped are the modules that nobody imports: they may do as they please.
var unshipped = map[string]bool{"bench": true, "examples": true, "verify": true}

// goPackage is a directory with Go files. Its paths are relative to the
// repository, with slashes; the root is ".".
type goPackage struct {
	dir    string
	module string // the directory of its module
	name   string // of the package, "" if there are only tests
	code   []goFile
	tests  []goFile
}

type goFile struct {
	path string
	ast  *ast.File
}

// repository is everything under the root, read without git and without the go
// command, so that a test result is cached until one of the files changes.
type repository struct {
	fset     *token.FileSet
	modules  []string // directories with a go.mod
	packages []*goPackage
	files    []string
}

var readRepository = sync.OnceValues(func() (*repository, error) {
	repo := &repository{fset: token.NewFileSet()}
	byDir := map[string]*goPackage{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		p = filepath.ToSlash(p)
		if d.IsDir() {
			if d.Name() == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		repo.files = append(repo.files, p)
		if path.Base(p) == "go.mod" {
			repo.modules = append(repo.modules, path.Dir(p))
		}
		if path.Ext(p) == ".go" && !strings.Contains("/"+p, "/testdata/") {
			return repo.add(byDir, p)
		}
		return nil
	})
	for _, pkg := range repo.packages {
		pkg.module = repo.moduleOf(pkg.dir)
	}
	return repo, err
})

func (r *repository) add(byDir map[string]*goPackage, p string) error {
	f, err := parser.ParseFile(r.fset, p, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	pkg := byDir[path.Dir(p)]
	if pkg == nil {
		pkg = &goPackage{dir: path.Dir(p)}
		byDir[pkg.dir] = pkg
		r.packages = append(r.packages, pkg)
	}
	if strings.HasSuffix(p, "_test.go") {
		pkg.tests = append(pkg.tests, goFile{p, f})
	} else {
		pkg.name = f.Name.Name
		pkg.code = append(pkg.code, goFile{p, f})
	}
	return nil
}

func (r *repository) moduleOf(dir string) string {
	for dir != "." {
		for _, m := range r.modules {
			if m == dir {
				return m
			}
		}
		dir = path.Dir(dir)
	}
	return "."
}

func (p *goPackage) importPath() string { return path.Join(modulePath, p.dir) }

// top is the first element of the package's directory, by which rules are kept.
func (p *goPackage) top() string {
	first, _, _ := strings.Cut(p.dir, "/")
	return first
}

func (p *goPackage) internal() bool { return strings.Contains("/"+p.dir+"/", "/internal/") }

// shipped are the packages with production code that users may link.
func shipped(t *testing.T) (repo *repository, pkgs []*goPackage) {
	t.Helper()
	repo, err := readRepository()
	require.NoError(t, err)
	for _, p := range repo.packages {
		if p.name != "" && !unshipped[p.module] {
			pkgs = append(pkgs, p)
		}
	}
	require.NotEmpty(t, pkgs)
	return repo, pkgs
}

// public are the shipped packages that users may import.
func public(t *testing.T) (repo *repository, pkgs []*goPackage) {
	t.Helper()
	repo, all := shipped(t)
	for _, p := range all {
		if p.name != "main" && !p.internal() {
			pkgs = append(pkgs, p)
		}
	}
	return repo, pkgs
}

// faults collects what is wrong, so that a test shows all of it at a time.
type faults []string

func (f *faults) add(pos token.Position, text string) {
	*f = append(*f, pos.String()+": "+text)
}

func (f faults) check(t *testing.T) {
	t.Helper()
	if len(f) > 0 {
		t.Fatal("\n" + strings.Join(f, "\n"))
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash(name))
	require.NoError(t, err)
	return string(b)
}
