package weir_test

import (
	"bytes"
	"go/ast"
	"go/doc"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// updateAPI names the variable that makes the test write the listings instead
// of comparing them (`make api`).
const updateAPI = "WEIR_UPDATE_API"

const apiDir = "testdata/api"

// What a package exports is written down in testdata/api. A change of it is a
// change that users see, so it has to be made in two places.
func TestExportedNamesAreThoseWrittenDown(t *testing.T) {
	_, pkgs := public(t)
	update := os.Getenv(updateAPI) != ""
	if update {
		require.NoError(t, os.RemoveAll(apiDir))
		require.NoError(t, os.MkdirAll(apiDir, 0o755))
	}
	want := map[string]bool{}
	for _, p := range pkgs {
		name := filepath.Join(apiDir, strings.ReplaceAll(strings.TrimPrefix(p.importPath(), "github.com/weirgo/"), "/", ".")+".txt")
		want[name] = true
		listing := apiListing(t, p)
		if update {
			require.NoError(t, os.WriteFile(name, []byte(listing), 0o644))
			continue
		}
		golden, err := os.ReadFile(name)
		require.NoError(t, err, "a new package: run make api, and look at what it writes")
		require.Equal(t, strings.ReplaceAll(string(golden), "\r", ""), listing,
			"%s exports something else now: run make api if that is meant", p.dir)
	}
	written, err := filepath.Glob(filepath.Join(apiDir, "*"))
	require.NoError(t, err)
	for _, name := range written {
		require.True(t, want[name], "%s is of a package that is gone", name)
	}
}

func apiListing(t *testing.T, p *goPackage) string {
	t.Helper()
	fset, d := documentation(t, p)
	var b strings.Builder
	b.WriteString("package " + d.Name + " // import \"" + p.importPath() + "\"\n")
	funcs := func(list []*doc.Func) {
		for _, f := range list {
			b.WriteString("\n" + declaration(t, fset, f.Decl))
		}
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			b.WriteString("\n" + declaration(t, fset, v.Decl))
		}
	}
	values(d.Consts)
	values(d.Vars)
	funcs(d.Funcs)
	for _, typ := range d.Types {
		b.WriteString("\n" + declaration(t, fset, typ.Decl))
		values(typ.Consts)
		values(typ.Vars)
		funcs(typ.Funcs)
		funcs(typ.Methods)
	}
	return b.String()
}

// declaration prints a declaration without comments and in one spacing, so that
// a listing changes only when a name or a type does.
func declaration(t *testing.T, fset *token.FileSet, decl ast.Decl) string {
	t.Helper()
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			n.Doc = nil
		case *ast.FuncDecl:
			n.Doc = nil
		case *ast.TypeSpec:
			n.Doc, n.Comment = nil, nil
		case *ast.ValueSpec:
			n.Doc, n.Comment = nil, nil
		case *ast.Field:
			n.Doc, n.Comment = nil, nil
		}
		return true
	})
	var out bytes.Buffer
	require.NoError(t, printer.Fprint(&out, fset, decl))
	var b strings.Builder
	for line := range strings.Lines(out.String()) {
		words := strings.Join(strings.Fields(line), " ")
		if words == "" {
			continue
		}
		if line[0] == '\t' || line[0] == ' ' {
			words = "\t" + words
		}
		b.WriteString(words + "\n")
	}
	return b.String()
}
