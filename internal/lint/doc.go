// Package lint holds the house rules that no linter knows, as tests over the
// sources of the module: which package may import which, what a library
// package may not do, how long functions and files may be, and that every
// package is documented. Each message says what to do instead. What the
// documents show is tested too.
package lint
