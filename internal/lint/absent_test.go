package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// absent returns the entries of the policy, and of who imports which module, that no
// package has use for any more.
func absent(pkgs []*pkg, policy, modules string) (findings []string) {
	for line := range strings.Lines(strings.TrimSpace(policy)) {
		for _, pattern := range strings.Fields(line)[1:] {
			stem, all := strings.CutSuffix(pattern, "...")
			if !slices.ContainsFunc(pkgs, func(p *pkg) bool { return p.path == stem || all && strings.HasPrefix(p.path, stem) }) {
				findings = append(findings, fmt.Sprintf("no package is %s: remove it from the policy", pattern))
			}
		}
	}
	for line := range strings.Lines(strings.TrimSpace(modules)) {
		fields := strings.Fields(line)
		for _, importer := range fields[1:] {
			if !slices.ContainsFunc(pkgs, func(p *pkg) bool { return p.path == importer && importsModule(p, fields[0]) }) {
				findings = append(findings, fmt.Sprintf("%s does not import %s: remove the pair", importer, fields[0]))
			}
		}
	}
	return findings
}

func importsModule(p *pkg, name string) bool {
	for path := range p.imports() {
		if path == name || strings.HasPrefix(path, name+"/") {
			return true
		}
	}
	return false
}

func TestPolicyListsWhatExists(t *testing.T) {
	pkgs, err := load()
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the module's sources are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range absent(pkgs, policy, modules) {
		t.Error(finding)
	}
}

func TestAbsent(t *testing.T) {
	p, err := parse("app/cli", map[string]string{"x.go": `package cli; import _ "a.org/used/sub"`})
	if err != nil {
		t.Fatal(err)
	}
	got := absent([]*pkg{p}, "\nL0 gone gone/...\nL1 app/... app/cli\n", "\na.org/used app/cli spec\na.org/us app/cli\n")
	want := []string{
		"no package is gone: remove it from the policy",
		"no package is gone/...: remove it from the policy",
		"spec does not import a.org/used: remove the pair",
		"app/cli does not import a.org/us: remove the pair",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
