// Package poly has polynomials in several variables with float64 coefficients:
// arithmetic, evaluation, their monomials in order, and their form as mathematics and as
// JSON. It depends
// on the standard library only, so that the expansion that a network prints can be
// checked without the network.
package poly
