// Package enginetest is the suite that every engine must pass, and the
// reference it is held against: networks evaluated in float64 straight from
// their definitions.
package enginetest
