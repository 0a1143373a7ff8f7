package app

import (
	"os"

	"github.com/coarsegrain/taylornet/app/internal/cli"
)

// Main runs the command with the process's arguments and streams, and returns the
// exit status.
func Main() int {
	return cli.Main(os.Args[1:], os.Stdout, os.Stderr)
}
