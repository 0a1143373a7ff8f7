// Taylornet trains image classifiers that are polynomials of the image, and
// uses them. See taylornet help.
package main

import (
	"os"

	"github.com/coarsegrain/taylornet/app"
)

func main() { os.Exit(app.Main()) }
