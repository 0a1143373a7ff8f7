package spec

import (
	"embed"
	"slices"
	"strings"
)

//go:embed presets
var presets embed.FS

const (
	presetDir = "presets/"
	presetExt = ".net"
)

// Presets lists the names of the networks that come with the package, sorted.
func Presets() []string {
	entries, err := presets.ReadDir(strings.TrimSuffix(presetDir, "/"))
	if err != nil {
		panic("spec.Presets: " + err.Error())
	}
	var list []string
	for _, entry := range entries {
		list = append(list, strings.TrimSuffix(entry.Name(), presetExt))
	}
	slices.Sort(list)
	return list
}

// PresetSource returns the source of a preset, comments included; ok is false if there
// is none of that name.
func PresetSource(name string) (src string, ok bool) {
	content, err := presets.ReadFile(presetDir + name + presetExt)
	return string(content), err == nil
}

// Preset returns the network of that name; ok is false if there is none.
func Preset(name string) (n *Net, ok bool) {
	src, ok := PresetSource(name)
	if !ok {
		return nil, false
	}
	n, err := Parse(src)
	if err != nil {
		panic("spec.Preset: " + name + ": " + err.Error())
	}
	return n, true
}
