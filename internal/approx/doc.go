// Package approx compares floating-point results in tests. A NaN or an
// infinity is close only to itself, so that none slips through a tolerance.
package approx
