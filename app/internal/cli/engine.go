package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
)

// engineFlag is a choice of an engine by its name. The Engine is nil unless one was
// chosen.
type engineFlag struct {
	engine.Engine[float32]
	others []engine.Engine[float32] // besides that of package cpu
}

func (f *engineFlag) Type() string { return "NAME" }

func (f *engineFlag) String() string {
	if f.Engine == nil {
		return ""
	}
	return f.Name()
}

// Set chooses an engine.
func (f *engineFlag) Set(name string) error {
	for _, e := range f.all() {
		if e.Name() == name {
			f.Engine = e
			return nil
		}
	}
	return fmt.Errorf("want %s", strings.Join(f.names(), ", "))
}

func (f *engineFlag) all() []engine.Engine[float32] {
	return append([]engine.Engine[float32]{cpu.New()}, f.others...)
}

func (f *engineFlag) names() (names []string) {
	for _, e := range f.all() {
		names = append(names, e.Name())
	}
	return names
}

// engineName is the flag that chooses an engine.
const engineName = "engine"

// addEngine gives a command the flag --engine if there is a choice.
func (a *app) addEngine(cmd *cobra.Command) {
	if len(a.engine.others) == 0 {
		return
	}
	names := a.engine.names()
	cmd.Flags().Var(&a.engine, engineName, "compute with this engine: "+strings.Join(names, ", ")+" (default "+names[0]+")")
	completeFlag(cmd, engineName, completeOf(names...))
}
