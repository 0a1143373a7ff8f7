// Package hostile attacks the command with files that nobody honest makes: models,
// references, runs, sweeps, networks, pictures, data sets and folders. It has tests only.
//
// Every file is given to every command that reads its kind, each a process of its own.
// Whatever the file, the command must end with a defined status, in one line of error, and
// within the limits on memory and time that SECURITY.md states.
//
//	go test ./internal/hostile                           # a sample
//	go test ./internal/hostile -v -all                   # everything, and the worst ten
//	go test ./internal/hostile -all -only monomials      # inputs or commands by a pattern
//	go test ./internal/hostile -all -only x -keep DIR    # and leave the files in DIR
package hostile
