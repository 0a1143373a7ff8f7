// Package taylor analyses polynomials: exactly those of trained networks, and
// direct Taylor expansions of images.
//
// A network without activation functions is one polynomial of its image. On the
// line x(t) = x0 + t (x - x0) from an expansion point x0 to an image x every
// value in it is a polynomial in t, whose coefficients are carried from step to
// step: nothing is sampled or estimated, and what is left is the rounding of
// float64. The coefficient of t^k in a logit is what all monomials of degree k
// in x - x0 contribute to it. Of a degree over 1,024, and where the orders cancel beyond all
// digits, that holds for orders 0 to 2; what pixels contribute over all orders is then
// integrated numerically, and checked.
package taylor
