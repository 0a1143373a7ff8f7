// Package check has the checks that settings of several packages need; each
// returns nil or an error that names the setting, its value and what is wanted.
package check
