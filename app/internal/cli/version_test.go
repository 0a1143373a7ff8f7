package cli

import (
	"runtime/debug"
	"testing"
)

func TestVersionOf(t *testing.T) {
	build := func(version string, settings ...string) *debug.BuildInfo {
		info := &debug.BuildInfo{Main: debug.Module{Version: version}}
		for i := 0; i < len(settings); i += 2 {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
		}
		return info
	}
	for _, tt := range []struct {
		name              string
		info              *debug.BuildInfo
		version, revision string
		dirty             bool
	}{
		{"nothing recorded", nil, "(unknown)", "", false},
		{"no version", build(""), "(unknown)", "", false},
		{"go install", build("v0.1.0"), "v0.1.0", "", false},
		{"a tag", build("v0.1.0", "vcs.revision", "0123456789abcdef", "vcs.modified", "false"), "v0.1.0", "revision 0123456789ab", false},
		{"a changed checkout", build("v0.1.1-0.2026+dirty", "vcs.revision", "0123456789abcdef", "vcs.modified", "true"), "v0.1.1-0.2026+dirty", "revision 0123456789ab, changed", true},
		{"a short revision", build("(devel)", "vcs.revision", "0123"), "(devel)", "revision 0123", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := versionOf(tt.info)
			if v.Version != tt.version || v.Revision != tt.revision || v.Dirty != tt.dirty {
				t.Errorf("got %q, %q, %v; want %q, %q, %v", v.Version, v.Revision, v.Dirty, tt.version, tt.revision, tt.dirty)
			}
			if v.Go == "" || v.SIMD == "" || len(v.Supported) == 0 {
				t.Errorf("got %+v, want Go's version and the SIMD levels", v)
			}
		})
	}
}
