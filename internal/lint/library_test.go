package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Packages of this line of the policy and above are the application's.
const firstApplication = "app/internal/report"

// instead says, by what a library package may not use, what to do.
var instead = map[string]string{
	"flag":         "take a typed struct of settings",
	"log":          "return an error, or take a function to report to",
	"log/slog":     "return an error, or take a function to report to",
	"os.Exit":      "return an error",
	"os.Getenv":    "take the value as a setting",
	"os.LookupEnv": "take the value as a setting",
	"os.Environ":   "take the values as settings",
	"os.Stdout":    "take an io.Writer",
	"os.Stderr":    "take an io.Writer",
	"fmt.Print":    "take an io.Writer",
	"fmt.Printf":   "take an io.Writer",
	"fmt.Println":  "take an io.Writer",
}

// library is the rule that packages below the application neither talk to the
// outside nor keep state.
func library(p *pkg) (findings []string) {
	own, ok := find(p.path)
	if application, _ := find(firstApplication); !ok || own.line >= application.line || p.path == "internal/cpu" {
		return nil
	}
	say := func(n ast.Node, format string, args ...any) {
		findings = append(findings, p.at(n)+": "+fmt.Sprintf(format, args...))
	}
	imports := p.imports()
	for _, path := range slices.Sorted(maps.Keys(imports)) {
		if advice := instead[path]; advice != "" {
			say(imports[path], "import of %s: %s", path, advice)
		}
	}
	for _, f := range p.code() {
		ast.Inspect(f.File, func(n ast.Node) bool {
			if name := p.qualified(n); instead[name] != "" {
				say(n, "%s: %s", name, instead[name])
			}
			return true
		})
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					say(d, "func init: compute where it is needed, or in a constructor")
				}
			case *ast.GenDecl:
				for _, finding := range p.variables(d) {
					say(finding.node, "%s", finding.text)
				}
			}
		}
	}
	return findings
}

// qualified is "path.Name" if n is a name of an imported package.
func (p *pkg) qualified(n ast.Node) string {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	name, ok := p.uses[id].(*types.PkgName)
	if !ok {
		return ""
	}
	return name.Imported().Path() + "." + sel.Sel.Name
}

type finding struct {
	node ast.Node
	text string
}

// constant is the constructors of values that never change.
var constant = []string{"errors.New", "regexp.MustCompile", "sync.OnceValue", "sync.OnceValues"}

// variables finds what is wrong with the variables of a declaration.
func (p *pkg) variables(d *ast.GenDecl) (findings []finding) {
	if d.Tok != token.VAR {
		return nil
	}
	for _, s := range d.Specs {
		spec, ok := s.(*ast.ValueSpec)
		if !ok || embedded(d.Doc) || embedded(spec.Doc) {
			continue
		}
		for i, name := range spec.Names {
			var value ast.Expr
			if len(spec.Values) > 0 {
				value = spec.Values[min(i, len(spec.Values)-1)]
			}
			documented := d.Doc != nil || spec.Doc != nil || spec.Comment != nil
			if text := p.variable(name, value, documented); text != "" {
				findings = append(findings, finding{name, text})
			}
		}
	}
	return findings
}

// variable says what is wrong with a package variable, "" if nothing is.
func (p *pkg) variable(name *ast.Ident, value ast.Expr, documented bool) string {
	of := ""
	switch v := value.(type) {
	case *ast.CallExpr:
		of = p.qualified(v.Fun)
	case *ast.CompositeLit:
		of = p.qualified(v.Type)
	}
	switch {
	case name.Name == "_":
		return ""
	case value == nil || strings.HasPrefix(of, "sync/atomic."):
		return fmt.Sprintf("var %s is state of the package: keep it in a struct that its user makes", name.Name)
	case p.changed(name.Name):
		return fmt.Sprintf("var %s is changed: keep it in a struct that its user makes", name.Name)
	case slices.Contains(constant, of):
		return ""
	case strings.HasPrefix(of, "sync."):
		return fmt.Sprintf("var %s is state of the package: keep it in a struct that its user makes", name.Name)
	case name.IsExported():
		return fmt.Sprintf("var %s can be changed by anybody: make it a function or a constant", name.Name)
	case !documented:
		return fmt.Sprintf("var %s: make it a constant, or say in a comment what the table holds", name.Name)
	}
	return ""
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// changed reports whether the package assigns to its variable of that name or
// to a part of it, takes its address, or empties it.
func (p *pkg) changed(name string) bool {
	isIt := func(e ast.Expr) bool {
		id := root(e)
		if id == nil || id.Name != name {
			return false
		}
		v, ok := p.uses[id].(*types.Var)
		return ok && v.Parent() == v.Pkg().Scope()
	}
	found := false
	for _, f := range p.code() {
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				found = found || slices.ContainsFunc(n.Lhs, isIt)
			case *ast.IncDecStmt:
				found = found || isIt(n.X)
			case *ast.UnaryExpr:
				found = found || n.Op == token.AND && isIt(n.X)
			case *ast.CallExpr:
				id, ok := n.Fun.(*ast.Ident)
				found = found || ok && slices.Contains([]string{"clear", "delete", "copy"}, id.Name) && isIt(n.Args[0])
			}
			return !found
		})
	}
	return found
}

// root is the variable of which e is a part.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

func TestLibrary(t *testing.T) { check(t, library) }

func TestLibraryRule(t *testing.T) {
	judge(t, library, []example{
		{"flag", "spec", `package spec; import _ "flag"`, []string{"x.go:1: import of flag: take a typed struct"}},
		{"log", "train", `package train; import _ "log"`, []string{"import of log: return an error"}},
		{"application may", "app/internal/cli", `package cli; import ("log"; "os"); var a int; func init() { log.Print(os.Getenv("A"), a) }`, nil},
		{"calls", "internal/layer", `package layer; import ("fmt"; system "os"); func f() { fmt.Println(system.Getenv("A")); system.Exit(1) }`,
			[]string{"fmt.Println: take an io.Writer", "os.Getenv: take the value as a setting", "os.Exit: return an error"}},
		{"other things of that name", "internal/layer", `package layer; type s struct{ Exit func(int) }; func f(os s) { os.Exit(1) }`, nil},
		{"init", "poly", `package poly; type T int; func (T) init() {}; func init() {}`, []string{"func init: compute"}},
	})
}

func TestVariableRule(t *testing.T) {
	judge(t, library, []example{
		{"constants", "spec", `package spec
			import ("errors"; "regexp"; "sync"; _ "embed")
			var ErrBad = errors.New("bad")
			var _ error = ErrBad
			var word = regexp.MustCompile("a")
			var once = sync.OnceValue(func() int { return 1 })
			//go:embed a.txt
			var text string
			// primes are those below 6.
			var primes = []int{2, 3, 5}
			func f() { primes := primes; primes[0] = 1; g(primes[1]); { word := 1; word++; _ = &word } }`, nil},
		{"no value", "spec", "package spec\n// n counts.\nvar n int", []string{"var n is state of the package"}},
		{"mutex", "spec", "package spec\nimport \"sync\"\n// mu guards.\nvar mu = sync.Mutex{}", []string{"var mu is state"}},
		{"atomic", "spec", "package spec\nimport \"sync/atomic\"\n// n counts.\nvar n = atomic.Int64{}", []string{"var n is state"}},
		{"exported", "spec", "package spec\n// Names are all.\nvar Names = []string{}", []string{"var Names can be changed by anybody"}},
		{"no comment", "spec", "package spec\nvar names = []string{}", []string{"say in a comment"}},
		{"assigned", "spec", "package spec\n// a is.\nvar a, b = 1, 2\nfunc f() { b = 3 }", []string{"var b is changed"}},
		{"element", "spec", "package spec\n// m is.\nvar m = map[int]int{}\nfunc f() { m[1] = 3 }", []string{"var m is changed"}},
		{"counter", "spec", "package spec\n// n is.\nvar n = struct{ x [2]int }{}\nfunc f() { (n.x[0])++ }", []string{"var n is changed"}},
		{"address", "spec", "package spec\n// n is.\nvar n = 1\nfunc f() *int { return &n }", []string{"var n is changed"}},
		{"deleted", "spec", "package spec\n// m is.\nvar m = map[int]int{}\nfunc f() { delete(m, 1) }", []string{"var m is changed"}},
		{"sentinel assigned", "spec", "package spec\nimport \"errors\"\nvar errA = errors.New(\"\")\nfunc f() { errA = nil }", []string{"var errA is changed"}},
	})
}
