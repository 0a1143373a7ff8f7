package poly

import (
	"math"
	"slices"
)

// NumMonomials returns the number of monomials of degree at most order in n
// variables, binom(n+order, order), or math.MaxInt if there are more.
func NumMonomials(n, order int) int {
	count := 1
	for k := 1; k <= order; k++ {
		if count > math.MaxInt/(n+k) {
			return math.MaxInt
		}
		count = count * (n + k) / k
	}
	return count
}

// Monomials lists the monomials of degree at most order in n variables as tuples of
// indices that do not decrease. They are ordered by degree, then lexicographically:
// [] [0] [1] ... [0 0] [0 1] ... This is the order of a CG's coefficients.
func Monomials(n, order int) [][]int {
	all := [][]int{{}}
	lower := all
	for range order {
		var next [][]int
		for _, m := range lower {
			first := 0
			if len(m) > 0 {
				first = m[len(m)-1]
			}
			for i := first; i < n; i++ {
				next = append(next, append(slices.Clone(m), i))
			}
		}
		all = append(all, next...)
		lower = next
	}
	return all
}

// Product is a monomial of degree 2 or above: a lower one times a variable.
// Lower and Factor count the monomials from the first of degree 1.
type Product struct{ Lower, Factor int32 }

// Products lists the monomials of degree 2 and above in the order of Monomials.
func Products(n, order int) []Product {
	all := NumMonomials(n, order) - 1
	list := make([]Product, 0, max(0, all-n))
	least := make([]int32, n, max(n, all)) // by monomial, the first variable to multiply it by
	for i := range least {
		least[i] = int32(i)
	}
	for from, degree := 0, 2; degree <= order; degree++ {
		to := len(least)
		for lower := from; lower < to; lower++ {
			for i := least[lower]; i < int32(n); i++ {
				list = append(list, Product{int32(lower), i})
				least = append(least, i)
			}
		}
		from = to
	}
	return list
}
