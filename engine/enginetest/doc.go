// Package enginetest is the suite of tests that every engine must pass. It compares
// an engine with a reference that evaluates networks in float64 straight from their
// definitions.
package enginetest
