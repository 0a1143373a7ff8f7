package app

import (
	"os"

	"github.com/coarsegrain/taylornet/app/internal/cli"
	"github.com/coarsegrain/taylornet/engine"
)

// Main runs the command with the arguments and streams of the process, and returns the
// exit status. With engines, the commands train, sweep, eval and predict take the flag
// --engine, which chooses one by its name; the default is that of package engine/cpu.
func Main(engines ...engine.Engine[float32]) int {
	return cli.Main(os.Args[1:], os.Stdout, os.Stderr, engines...)
}
