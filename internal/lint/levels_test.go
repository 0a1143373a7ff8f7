package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// policy is the layout of the design, lowest first. A package imports only
// from lines above its own; "x/..." is every package below x that has no line
// of its own.
const policy = `
L0  tensor poly
L1  internal/memory
L1  internal/...
L1  internal/fsx/fsxtest internal/download
L2  internal/kernel internal/kernel/... internal/safetensors
L3  internal/layer
L4  spec optim dataset
L5  dataset/fetch dataset/drawing engine
L5  engine/...
L6  model
L6  pretrained
L7  train taylor
L8  sweep distill
L9  app/internal/plain
L10 app/internal/report
L11 app/internal/cli
L12 app
L13 cmd/...
`

// modules is who may import what from elsewhere, outside tests.
const modules = `
golang.org/x/sys                    internal/cpu internal/fsx internal/memory
golang.org/x/image                  dataset dataset/drawing app/internal/report
golang.org/x/text                   dataset
gonum.org/v1/plot                   app/internal/report
github.com/spf13/cobra              app/internal/cli
github.com/spf13/pflag              app/internal/cli
github.com/schollz/progressbar/v3   app/internal/cli
github.com/rivo/uniseg              app/internal/plain
golang.org/x/sync                   sweep
golang.org/x/term                   app/internal/cli
`

// place is a package's line in the policy, and the level written there.
type place struct {
	line  int
	level string
}

// find returns the place of a package, that of its own name before a pattern's.
func find(path string) (best place, ok bool) {
	length := -1
	for i, line := range strings.Split(strings.TrimSpace(policy), "\n") {
		fields := strings.Fields(line)
		for _, pattern := range fields[1:] {
			stem, all := strings.CutSuffix(pattern, "...")
			if (path == stem || all && strings.HasPrefix(path, stem)) && len(stem) > length {
				best, length, ok = place{i, fields[0]}, len(stem), true
			}
		}
	}
	return best, ok
}

// levels is the rule that packages import only from below.
func levels(p *pkg) (findings []string) {
	own, ok := find(p.path)
	if !ok {
		return []string{fmt.Sprintf("%s has no level: give it one in the policy of internal/lint, and in the design", p.path)}
	}
	imports := p.imports()
	for _, path := range slices.Sorted(maps.Keys(imports)) {
		at := p.at(imports[path])
		if local, ok := strings.CutPrefix(path, module+"/"); ok {
			if other, ok := find(local); ok && other.line >= own.line {
				findings = append(findings, fmt.Sprintf("%s: %s (%s) imports %s (%s): import only from lower levels; move what both need down, or pass it in from above",
					at, p.path, own.level, local, other.level))
			}
			continue
		}
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") && !allowed(path, p.path) {
			findings = append(findings, fmt.Sprintf("%s: %s imports %s: use the standard library, or enter the pair in internal/lint and docs/dependencies.md",
				at, p.path, path))
		}
	}
	return findings
}

func allowed(path, importer string) bool {
	for line := range strings.Lines(strings.TrimSpace(modules)) {
		fields := strings.Fields(line)
		if path == fields[0] || strings.HasPrefix(path, fields[0]+"/") {
			return slices.Contains(fields[1:], importer)
		}
	}
	return false
}

func TestLevels(t *testing.T) { check(t, levels) }

func TestLevelsRule(t *testing.T) {
	judge(t, levels, []example{
		{"down", "spec", `package spec; import (_ "fmt"; _ "go/ast"; _ "github.com/coarsegrain/taylornet/tensor")`, nil},
		{"engine below its forms", "engine/cpu", `package cpu; import _ "github.com/coarsegrain/taylornet/engine"`, nil},
		{"up", "tensor", `package tensor; import _ "github.com/coarsegrain/taylornet/spec"`, []string{"tensor (L0) imports spec (L4)"}},
		{"sideways", "optim", `package optim; import _ "github.com/coarsegrain/taylornet/dataset"`, []string{"optim (L4) imports dataset (L4)"}},
		{"own line before a pattern", "internal/rng", `package rng; import _ "github.com/coarsegrain/taylornet/internal/kernel"`, []string{"internal/rng (L1) imports internal/kernel (L2)"}},
		{"no level", "util", `package util`, []string{"util has no level"}},
		{"module where it may be", "internal/cpu", `package cpu; import _ "golang.org/x/sys/cpu"`, nil},
		{"module elsewhere", "spec", `package spec; import _ "gonum.org/v1/plot"`, []string{"spec imports gonum.org/v1/plot"}},
		{"new module", "app/internal/cli", `package cli; import _ "github.com/a/b"`, []string{"imports github.com/a/b"}},
	})
}
