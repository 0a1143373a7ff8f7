// Package check has the checks that settings of several packages need. Each
// returns nil or an error that names the setting, its value and what is wanted.
// No check admits NaN.
package check
