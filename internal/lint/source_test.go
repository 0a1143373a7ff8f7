package lint

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/coarsegrain/taylornet"

// pkg is the sources of one folder, for all platforms at once.
type pkg struct {
	path  string // relative to the module, with slashes
	files []file // in the order of their names
	fset  *token.FileSet
	uses  map[*ast.Ident]types.Object // of the non-test files
}

type file struct {
	name  string
	lines int
	*ast.File
}

func (f file) test() bool { return strings.HasSuffix(f.name, "_test.go") }

// at is where a node stands, for messages.
func (p *pkg) at(n ast.Node) string {
	pos := p.fset.Position(n.Pos())
	return fmt.Sprintf("%s/%s:%d", p.path, filepath.Base(pos.Filename), pos.Line)
}

// code is the non-test files.
func (p *pkg) code() []file {
	return slices.DeleteFunc(slices.Clone(p.files), file.test)
}

// imports is what the non-test files import.
func (p *pkg) imports() map[string]ast.Node {
	found := map[string]ast.Node{}
	for _, f := range p.code() {
		for _, spec := range f.Imports {
			found[strings.Trim(spec.Path.Value, `"`)] = spec
		}
	}
	return found
}

// parse makes a package of sources by file name.
func parse(path string, sources map[string]string) (*pkg, error) {
	p := &pkg{path: path, fset: token.NewFileSet(), uses: map[*ast.Ident]types.Object{}}
	var code []*ast.File
	for name, source := range sources {
		tree, err := parser.ParseFile(p.fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		f := file{name: name, lines: strings.Count(source, "\n"), File: tree}
		p.files = append(p.files, f)
		if !f.test() {
			code = append(code, tree)
		}
	}
	slices.SortFunc(p.files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	// The imported packages are not loaded, so that there are many errors; names
	// of packages and of this package's variables are resolved all the same.
	conf := types.Config{Importer: noImporter{}, Error: func(error) {}}
	_, _ = conf.Check(path, p.fset, code, &types.Info{Uses: p.uses})
	return p, nil
}

type noImporter struct{}

func (noImporter) Import(string) (*types.Package, error) { return nil, errors.New("not loaded") }

// load reads the module's packages once. Folders that the go command passes
// over, and nested modules, are passed over.
var load = sync.OnceValues(func() ([]*pkg, error) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return nil, err
	}
	if data, err := os.ReadFile(filepath.Join(root, "go.mod")); err != nil || !strings.HasPrefix(string(data), "module "+module+"\n") {
		return nil, fs.ErrNotExist
	}
	sources := map[string]map[string]string{}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(root, name)
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		dir = filepath.ToSlash(dir)
		if sources[dir] == nil {
			sources[dir] = map[string]string{}
		}
		sources[dir][filepath.Base(name)] = string(data)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var pkgs []*pkg
	for dir, files := range sources {
		p, err := parse(dir, files)
		if err != nil {
			return nil, err
		}
		pkgs = append(pkgs, p)
	}
	slices.SortFunc(pkgs, func(a, b *pkg) int { return strings.Compare(a.path, b.path) })
	return pkgs, nil
})

func skipDir(root, name string) error {
	base := filepath.Base(name)
	if name == root {
		return nil
	}
	if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}

// rule returns what is wrong with a package, a message each.
type rule func(*pkg) []string

// check reports every finding of a rule over the module.
func check(t *testing.T, r rule) {
	t.Helper()
	pkgs, err := load()
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the module's sources are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		for _, finding := range r(p) {
			t.Error(finding)
		}
	}
}

// example is a bad, or good, package for a rule to judge.
type example struct {
	name   string
	path   string
	source string   // of x.go
	want   []string // a part of each finding, in order
}

// judge shows that a rule finds what it should, and nothing else.
func judge(t *testing.T, r rule, examples []example) {
	t.Helper()
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			p, err := parse(e.path, map[string]string{"x.go": e.source})
			if err != nil {
				t.Fatal(err)
			}
			got := r(p)
			if len(got) != len(e.want) {
				t.Fatalf("%d findings, want %d: %q", len(got), len(e.want), got)
			}
			for i := range got {
				if !strings.Contains(got[i], e.want[i]) {
					t.Errorf("finding %q, want one with %q", got[i], e.want[i])
				}
			}
		})
	}
}
