// Package poly has polynomials in several variables with float64 coefficients:
// arithmetic, evaluation, and their form as mathematics and as JSON. It depends
// on nothing but the standard library, so that what a network's expansion
// prints can be checked without the network.
package poly
