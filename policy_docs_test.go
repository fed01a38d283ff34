package weir_test

import (
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documentation reads a package as `go doc` does, as of linux on amd64: what is
// exported must not depend on the platform.
func documentation(t *testing.T, p *goPackage) (*token.FileSet, *doc.Package) {
	t.Helper()
	platform := build.Default
	platform.GOOS, platform.GOARCH = "linux", "amd64"
	fset := token.NewFileSet()
	var files []*ast.File
	for _, f := range p.code {
		match, err := platform.MatchFile(filepath.FromSlash(p.dir), path.Base(f.path))
		require.NoError(t, err)
		if match {
			// Parsed once more: the doc package takes the syntax trees apart.
			parsed, err := parser.ParseFile(fset, f.path, nil, parser.ParseComments)
			require.NoError(t, err)
			files = append(files, parsed)
		}
	}
	d, err := doc.NewFromFiles(fset, files, p.importPath())
	require.NoError(t, err)
	return fset, d
}

func TestEveryPackageHasAComment(t *testing.T) {
	repo, err := readRepository()
	require.NoError(t, err)
	for _, p := range repo.packages {
		var comments []string
		for _, f := range p.code {
			if f.ast.Doc != nil {
				comments = append(comments, f.ast.Doc.Text())
			}
		}
		if p.name == "" {
			continue
		}
		require.Len(t, comments, 1, "%s: exactly one file says what the package is for", p.dir)
		if p.name != "main" {
			require.True(t, strings.HasPrefix(comments[0], "Package "+p.name+" "), "%s: %q", p.dir, comments[0])
		}
	}
}

func TestEveryExportedNameHasAComment(t *testing.T) {
	_, pkgs := public(t)
	var bad faults
	for _, p := range pkgs {
		fset, d := documentation(t, p)
		funcs, values := d.Funcs, append(d.Consts, d.Vars...)
		for _, typ := range d.Types {
			if typ.Doc == "" {
				bad.add(fset.Position(typ.Decl.Pos()), "type "+typ.Name+" has no comment")
			}
			funcs = append(append(funcs, typ.Funcs...), typ.Methods...)
			values = append(append(values, typ.Consts...), typ.Vars...)
		}
		for _, f := range funcs {
			if f.Doc == "" {
				bad.add(fset.Position(f.Decl.Pos()), "func "+f.Name+" has no comment")
			}
		}
		for _, v := range values {
			for _, spec := range v.Decl.Specs {
				s := spec.(*ast.ValueSpec)
				if v.Doc == "" && s.Doc == nil && s.Comment == nil {
					bad.add(fset.Position(s.Pos()), s.Names[0].Name+" has no comment")
				}
			}
		}
	}
	bad.check(t)
}

func TestEveryExportedTypeHasAnExampleWithOutput(t *testing.T) {
	_, pkgs := public(t)
	var bad faults
	for _, p := range pkgs {
		var tests []*ast.File
		for _, f := range p.tests {
			tests = append(tests, f.ast)
		}
		shown := map[string]bool{}
		for _, e := range doc.Examples(tests...) {
			name, _, _ := strings.Cut(e.Name, "_")
			shown[name] = shown[name] || e.Output != "" || e.EmptyOutput
		}
		fset, d := documentation(t, p)
		for _, typ := range d.Types {
			if !shown[typ.Name] {
				bad.add(fset.Position(typ.Decl.Pos()), "type "+typ.Name+" has no Example"+typ.Name+" with output")
			}
		}
	}
	bad.check(t)
}
