package poly

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Poly is a polynomial in the variables x_0, x_1, ... The zero value is the
// polynomial 0. Methods do not change their operands.
type Poly struct {
	terms map[monomial]float64 // none is zero
}

// monomial is the product of variables, two bytes each, in ascending order.
type monomial string

// MaxVariables is the largest number of variables of a polynomial.
const MaxVariables = 1 << 16

// Term is a monomial with its coefficient.
type Term struct {
	// Variables are the factors of the monomial, ascending: x_0^2 x_3 is 0 0 3.
	Variables   []int   `json:"variables"`
	Coefficient float64 `json:"coefficient"`
}

// New returns the sum of terms. Their variables may be in any order. It returns an error
// if a coefficient is not finite or a variable is not within MaxVariables.
func New(terms ...Term) (Poly, error) {
	p := Poly{terms: make(map[monomial]float64, len(terms))}
	for _, t := range terms {
		if math.IsNaN(t.Coefficient) || math.IsInf(t.Coefficient, 0) {
			return Poly{}, fmt.Errorf("coefficient %v: want a finite number", t.Coefficient)
		}
		variables := slices.Sorted(slices.Values(t.Variables))
		key := make([]byte, 0, 2*len(variables))
		for _, v := range variables {
			if v < 0 || v >= MaxVariables {
				return Poly{}, fmt.Errorf("variable %d: want 0 to %d", v, MaxVariables-1)
			}
			key = append(key, byte(v>>8), byte(v))
		}
		p.terms[monomial(key)] += t.Coefficient
	}
	return p.reduced(), nil
}

// Constant returns the polynomial c.
func Constant(c float64) Poly { return one("", c) }

// Variable returns the polynomial x_i. It panics unless 0 <= i < MaxVariables.
func Variable(i int) Poly {
	if i < 0 || i >= MaxVariables {
		panic(fmt.Sprintf("poly.Variable: %d is not within 0 to %d", i, MaxVariables-1))
	}
	return one(monomial([]byte{byte(i >> 8), byte(i)}), 1)
}

func one(m monomial, c float64) Poly {
	return Poly{terms: map[monomial]float64{m: c}}.reduced()
}

// reduced removes the terms of p itself that are zero, and returns p.
func (p Poly) reduced() Poly {
	maps.DeleteFunc(p.terms, func(_ monomial, c float64) bool { return c == 0 })
	return p
}

// AddScaled returns p + scale q.
func (p Poly) AddScaled(scale float64, q Poly) Poly {
	return Sum([]float64{1, scale}, []Poly{p, q})
}

// Sum returns the sum over i of scales[i] list[i].
func Sum(scales []float64, list []Poly) Poly {
	sum := Poly{terms: make(map[monomial]float64)}
	for i, q := range list {
		for m, c := range q.terms {
			sum.terms[m] += scales[i] * c
		}
	}
	return sum.reduced()
}

// Mul returns p q.
func (p Poly) Mul(q Poly) Poly {
	product := Poly{terms: make(map[monomial]float64, len(p.terms)*len(q.terms))}
	// In order, so that equal factors give equal bits.
	left, right := p.sorted(), q.sorted()
	for _, a := range left {
		for _, b := range right {
			product.terms[a.times(b)] += p.terms[a] * q.terms[b]
		}
	}
	return product.reduced()
}

// times merges the factors of two monomials.
func (m monomial) times(n monomial) monomial {
	merged := make([]byte, 0, len(m)+len(n))
	for len(m) > 0 && len(n) > 0 {
		if m[:2] <= n[:2] {
			merged, m = append(merged, m[:2]...), m[2:]
		} else {
			merged, n = append(merged, n[:2]...), n[2:]
		}
	}
	return monomial(append(append(merged, m...), n...))
}

// sorted returns the monomials by degree, then lexicographically.
func (p Poly) sorted() []monomial {
	return slices.SortedFunc(maps.Keys(p.terms), func(a, b monomial) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

// Len returns the number of terms.
func (p Poly) Len() int { return len(p.terms) }

// Degree returns the largest number of factors in a monomial, 0 for a constant.
func (p Poly) Degree() int {
	degree := 0
	for m := range p.terms {
		degree = max(degree, len(m)/2)
	}
	return degree
}

// Terms returns the terms by degree, then lexicographically: 1, x_0, x_1, ...,
// x_0^2, x_0 x_1, ...
func (p Poly) Terms() []Term {
	terms := make([]Term, 0, len(p.terms))
	for _, m := range p.sorted() {
		t := Term{Variables: []int{}, Coefficient: p.terms[m]}
		for i := 0; i < len(m); i += 2 {
			t.Variables = append(t.Variables, int(m[i])<<8|int(m[i+1]))
		}
		terms = append(terms, t)
	}
	return terms
}

// Order returns the terms of degree k.
func (p Poly) Order(k int) Poly {
	part := Poly{terms: make(map[monomial]float64)}
	for m, c := range p.terms {
		if len(m) == 2*k {
			part.terms[m] = c
		}
	}
	return part
}

// Eval returns the polynomial's value at x. It panics if x has too few variables.
func (p Poly) Eval(x []float64) float64 {
	var sum float64
	for _, t := range p.Terms() {
		value := t.Coefficient
		for _, v := range t.Variables {
			value *= x[v]
		}
		sum += value
	}
	return sum
}
