// Taylornet trains image classifiers that are polynomials of the image, and
// uses them. See taylornet help.
package main

import (
	"os"

	"github.com/coarsegrain/taylornet/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
