// Package parallel spreads numbered tasks over goroutines.
package parallel
