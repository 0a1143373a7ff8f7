// Package cli is the command taylornet: one file per subcommand, over the
// packages that do the work.
//
// Scripts may rely on this: with --json a subcommand writes one JSON object to
// standard output and nothing else there; an error is one line on standard
// error that says what was wrong and what to do; the exit status is 0 when all
// is done, 1 when something failed, and 2 when the command was used wrongly.
package cli
