// Package app is the command taylornet as a library. Another binary can be the same
// command with more engines: its main function calls Main.
package app
