// Package poly implements polynomials in several variables with float64 coefficients. It
// adds, multiplies and evaluates them, and writes them as mathematics and as JSON.
//
//	x, y := poly.Variable(0), poly.Variable(1)
//	p := x.Mul(x).AddScaled(-2, y)          // x0^2 - 2 x1
//	fmt.Println(p.Eval([]float64{3, 1}))    // 7
//
// Monomials lists monomials in the order in which a coarse-graining keeps its
// coefficients. Package taylor expands networks into polynomials. This package depends on
// the standard library only, so that an expansion can be checked without the network.
package poly
