package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/internal/cpu"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Show the version, and the SIMD instructions in use",
		Example: "  taylornet version --json\n  TAYLORNET_SIMD=portable taylornet version",
		Args:    atMost(0),
		RunE: func(*cobra.Command, []string) error {
			v := thisVersion()
			if a.json {
				return a.writeJSON(v)
			}
			a.printf("taylornet %s", v.Version)
			if v.Revision != "" {
				a.printf(" (%s)", v.Revision)
			}
			a.printf("\n%s %s/%s\nSIMD: %s (%s chooses among %s)\n", v.Go, v.OS, v.Arch, v.SIMD, cpu.Env, strings.Join(v.Supported, ", "))
			return nil
		},
	}
}

// versionOutput is what version writes with --json.
type versionOutput struct {
	Version   string   `json:"version"`
	Revision  string   `json:"revision,omitempty"` // of the source
	Go        string   `json:"go"`
	OS        string   `json:"os"`
	Arch      string   `json:"arch"`
	SIMD      string   `json:"simd"`
	Supported []string `json:"simd_supported"`
}

func thisVersion() versionOutput {
	v := versionOutput{Version: "(unknown)", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, SIMD: cpu.Active().String()}
	for _, level := range cpu.Supported() {
		v.Supported = append(v.Supported, level.String())
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	var revision, dirty string
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				dirty = ", changed"
			}
		}
	}
	if revision != "" {
		v.Revision = fmt.Sprintf("revision %s%s", revision, dirty)
	}
	return v
}
