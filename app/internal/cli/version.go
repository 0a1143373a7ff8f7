package cli

import (
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
			info, _ := debug.ReadBuildInfo()
			v := versionOf(info)
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
	Version   string   `json:"version"`            // of the module, from the tag
	Revision  string   `json:"revision,omitempty"` // of the sources, for people
	Commit    string   `json:"commit,omitempty"`
	Time      string   `json:"time,omitempty"` // of the commit
	Dirty     bool     `json:"dirty"`          // the sources had changes that were not committed
	Go        string   `json:"go"`
	OS        string   `json:"os"`
	Arch      string   `json:"arch"`
	SIMD      string   `json:"simd"`
	Supported []string `json:"simd_supported"`
}

// versionOf returns what the build recorded, which is little without a module or
// outside a checkout; info may be nil.
func versionOf(info *debug.BuildInfo) versionOutput {
	v := versionOutput{Version: "(unknown)", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, SIMD: cpu.Active().String()}
	for _, level := range cpu.Supported() {
		v.Supported = append(v.Supported, level.String())
	}
	if info == nil {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Dirty = s.Value == "true"
		}
	}
	if v.Commit != "" {
		v.Revision = "revision " + v.Commit[:min(12, len(v.Commit))]
		if v.Dirty {
			v.Revision += ", changed"
		}
	}
	return v
}
