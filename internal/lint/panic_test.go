package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// panics is the rule that the text of a panic begins with a function or method of
// the package, as in "pkg.Func: reason" or "pkg.Type.Method: reason". A function
// that panics in the name of its callers takes such a name as an argument.
func panics(p *pkg) (findings []string) {
	name := p.files[0].Name.Name
	known := p.functions()
	for _, f := range p.code() {
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "panic" {
					if text, ok := leading(n.Args[0]); ok && !named(known, name, text) {
						findings = append(findings, fmt.Sprintf("%s: panic(%q...): begin it with a function that exists, as in %q", p.at(n), text, name+".Func: reason"))
					}
				}
			case *ast.BasicLit:
				if text, ok := constantText(n); ok && functionName.MatchString(text) && strings.HasPrefix(text, name+".") && !known[strings.TrimPrefix(text, name+".")] {
					findings = append(findings, fmt.Sprintf("%s: %q names no function of the package", p.at(n), text))
				}
			}
			return true
		})
	}
	return findings
}

// functionName is a text that can only be meant as the name of a function.
var functionName = regexp.MustCompile(`^[a-z]+(\.[A-Z]\w*)+$`)

// leading returns the literal that a panic's text begins with; ok is false if the
// text begins with the name of a function that was passed on.
func leading(arg ast.Expr) (text string, ok bool) {
	switch arg := arg.(type) {
	case *ast.BinaryExpr:
		if _, ok := arg.X.(*ast.Ident); ok {
			return "", false
		}
		return leading(arg.X)
	case *ast.CallExpr: // of fmt.Sprintf
		if len(arg.Args) > 0 {
			text, ok := leading(arg.Args[0])
			return text, ok && !strings.HasPrefix(text, "%s: ")
		}
	case *ast.BasicLit:
		text, _ := constantText(arg)
		return text, true
	}
	return "", true
}

func constantText(lit *ast.BasicLit) (string, bool) {
	if lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// named reports whether a text begins with a known function of the package. It may
// end after a type: the method is then appended.
func named(known map[string]bool, pkg, text string) bool {
	text, ok := strings.CutPrefix(text, pkg+".")
	function, _, _ := strings.Cut(text, ": ")
	return ok && known[function]
}

// functions is the package's functions, its methods as "Type.Method", those of
// interfaces too, and each type's name with a dot.
func (p *pkg) functions() map[string]bool {
	found := map[string]bool{}
	for _, f := range p.code() {
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil {
					name = receiver(d.Recv.List[0].Type) + "." + name
				}
				found[name] = true
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if t, ok := s.(*ast.TypeSpec); ok {
						found[t.Name.Name+"."] = true
						for _, method := range interfaceMethods(t) {
							found[t.Name.Name+"."+method] = true
						}
					}
				}
			}
		}
	}
	return found
}

// receiver is the name of a receiver's type, without a star or type parameters.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func interfaceMethods(t *ast.TypeSpec) (names []string) {
	i, ok := t.Type.(*ast.InterfaceType)
	if !ok {
		return nil
	}
	for _, m := range i.Methods.List {
		for _, name := range m.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

func TestPanics(t *testing.T) { check(t, panics) }

func TestPanicsRule(t *testing.T) {
	judge(t, panics, []example{
		{"function", "a", `package a; func F() { panic("a.F: reason") }`, nil},
		{"method", "a", `package a; type T[E any] struct{}; func (*T[E]) m() { panic("a.T.m: reason") }`, nil},
		{"interface", "a", `package a; type I interface { M() }; func f() { panic("a.I.M: reason") }`, nil},
		{"formatted", "a", `package a; import "fmt"; func F() { panic(fmt.Sprintf("a.F: %d", 1)) }`, nil},
		{"joined", "a", `package a; func F(s string) { panic("a.F: " + s + "!") }`, nil},
		{"name passed on", "a", `package a; import "fmt"; func F(n int) { if n == 0 { panic(fmt.Sprintf("%s: %d", g("a.F"), n)) } }; func g(name string) string { panic(name + ": reason") }`, nil},
		{"method to follow", "a", `package a; type T int; func f(method string) { panic("a.T." + method + ": reason") }`, nil},
		{"function that is not there", "a", `package a; func f() { panic("a.F: reason") }`, []string{`panic("a.F: reason"...)`}},
		{"of another package", "a", `package a; func F() { panic("b.F: reason") }`, []string{`panic("b.F: reason"...)`}},
		{"package alone", "a", `package a; func f() { panic("a: reason") }`, []string{`as in "a.Func: reason"`}},
		{"formatted, not there", "a", `package a; import "fmt"; func F() { panic(fmt.Sprintf("a.G: %d", 1)) }`, []string{`panic("a.G: %d"...)`}},
		{"error", "a", `package a; func f(err error) { panic(err) }`, []string{`panic(""...)`}},
		{"name passed on, not there", "a", `package a; func f() { g("a.G") }; func g(string) {}`, []string{`"a.G" names no function`}},
		{"other text", "a", `package a; const x = "a.json"`, nil},
	})
}
