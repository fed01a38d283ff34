package weir_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const maxLines = 400

func TestProductionFilesAreShort(t *testing.T) {
	repo, pkgs := shipped(t)
	var bad faults
	for _, p := range pkgs {
		for _, f := range p.code {
			if n := repo.fset.File(f.ast.Pos()).LineCount(); n > maxLines {
				bad.add(repo.fset.Position(f.ast.Package), strconv.Itoa(n)+" lines, at most "+strconv.Itoa(maxLines))
			}
		}
	}
	bad.check(t)
}

// eachNode calls visit for every node of production code.
func eachNode(t *testing.T, visit func(p *goPackage, n ast.Node, fault func(string))) {
	t.Helper()
	repo, pkgs := shipped(t)
	var bad faults
	for _, p := range pkgs {
		for _, f := range p.code {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if n != nil {
					visit(p, n, func(text string) { bad.add(repo.fset.Position(n.Pos()), text) })
				}
				return true
			})
		}
	}
	bad.check(t)
}

func TestImportingRunsNoInitFunction(t *testing.T) {
	eachNode(t, func(p *goPackage, n ast.Node, fault func(string)) {
		if f, ok := n.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			fault("importing a package does nothing: no init")
		}
	})
}

// leadingText returns the string that an expression begins with: a literal, the
// left end of a sum, or the first argument of a formatting call.
func leadingText(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		return leadingText(e.X)
	case *ast.ParenExpr:
		return leadingText(e.X)
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && len(e.Args) > 0 &&
			(strings.HasPrefix(f.Sel.Name, "Sprint") || f.Sel.Name == "Errorf" || f.Sel.Name == "New") {
			return leadingText(e.Args[0])
		}
	}
	return "", false
}

var anyPrefix = regexp.MustCompile(`^[a-z][a-z0-9]*: `)

// prefixed reports whether a text names its package. Internal packages may name
// the public one that they speak for.
func prefixed(p *goPackage, text string) bool {
	if p.internal() {
		return anyPrefix.MatchString(text)
	}
	return strings.HasPrefix(text, p.name+": ")
}

func TestPanicsNameTheirPackage(t *testing.T) {
	eachNode(t, func(p *goPackage, n ast.Node, fault func(string)) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return
		}
		if f, ok := call.Fun.(*ast.Ident); !ok || f.Name != "panic" {
			return
		}
		if text, ok := leadingText(call.Args[0]); ok && !prefixed(p, text) {
			fault("panic text must begin with " + strconv.Quote(p.name+": "))
		}
	})
}

func TestSentinelErrorsNameTheirPackage(t *testing.T) {
	eachNode(t, func(p *goPackage, n ast.Node, fault func(string)) {
		f, ok := n.(*ast.ValueSpec)
		if !ok {
			return
		}
		for i, v := range f.Values {
			call, ok := v.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 || !strings.HasPrefix(strings.ToLower(f.Names[i].Name), "err") {
				continue
			}
			if text, ok := leadingText(call.Args[0]); ok && !prefixed(p, text) {
				fault("error text must begin with " + strconv.Quote(p.name+": "))
			}
		}
	})
}

// untracked are files that a work tree may hold but the repository does not:
// what builds leave behind, and the settings of editors.
var untracked = regexp.MustCompile(`\.(test|prof|out)$|(^|/)\.(idea|vscode)/`)

func TestFilesNameNoMachineAndNoRegistry(t *testing.T) {
	repo, _ := shipped(t)
	var bad faults
	// Written so that this file does not contain what it looks for.
	forbidden := []string{"/" + "root/", "/" + "work/", "proxy." + "golang", "sum." + "golang"}
	for _, name := range repo.files {
		text := readText(t, name)
		if strings.Contains(text, "\x00") || untracked.MatchString(name) {
			continue
		}
		for i, line := range strings.Split(text, "\n") {
			for _, word := range forbidden {
				if strings.Contains(line, word) {
					bad.add(token.Position{Filename: name, Line: i + 1}, "contains "+word)
				}
			}
		}
	}
	bad.check(t)
}
