// Package app is the command taylornet as a library, so that another binary can
// be the same command with more in it.
package app
