package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// storeys lists the top folders from the ground up: a folder imports only from
// those before it.
const storeys = "tensor poly internal spec optim dataset engine model pretrained train sweep taylor distill app cmd"

// storey returns the place of a package's top folder in storeys, -1 if it has none.
func storey(path string) int {
	top, _, _ := strings.Cut(path, "/")
	return slices.Index(strings.Fields(storeys), top)
}

// folders is the rule that between top folders no import runs upwards.
func folders(p *pkg) (findings []string) {
	own := storey(p.path)
	if own < 0 {
		return []string{fmt.Sprintf("%s: give the top folder a place in internal/lint's storeys", p.path)}
	}
	imports := p.imports()
	for _, path := range slices.Sorted(maps.Keys(imports)) {
		local, ok := strings.CutPrefix(path, module+"/")
		if ok && storey(local) > own {
			findings = append(findings, fmt.Sprintf("%s: %s imports %s, from a folder above its own: move what both need down, or pass it in from above",
				p.at(imports[path]), p.path, local))
		}
	}
	return findings
}

func TestFolders(t *testing.T) { check(t, folders) }

func TestFoldersRule(t *testing.T) {
	judge(t, folders, []example{
		{"down", "train", `package train; import (_ "fmt"; _ "github.com/coarsegrain/taylornet/internal/rng")`, nil},
		{"within", "engine/cpu", `package cpu; import _ "github.com/coarsegrain/taylornet/engine"`, nil},
		{"up", "internal/layer", `package layer; import _ "github.com/coarsegrain/taylornet/spec"`, []string{"internal/layer imports spec, from a folder above"}},
		{"the command", "distill", `package distill; import _ "github.com/coarsegrain/taylornet/app"`, []string{"distill imports app"}},
		{"no place", "util/x", `package x`, []string{"util/x: give the top folder a place"}},
	})
}
