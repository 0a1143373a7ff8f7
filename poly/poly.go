package poly

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Poly is a polynomial in the variables x_0, x_1, ... The zero value is the
// polynomial 0. Methods leave their operands as they are.
type Poly struct {
	terms map[monomial]float64 // none is zero
}

// monomial is the product of variables, two bytes each, in ascending order.
type monomial string

// MaxVariables is the number of variables that a polynomial may have.
const MaxVariables = 1 << 16

// Term is a monomial with its coefficient.
type Term struct {
	// Variables are the factors of the monomial, ascending: x_0^2 x_3 is 0 0 3.
	Variables   []int   `json:"variables"`
	Coefficient float64 `json:"coefficient"`
}

// New adds up terms. Their variables may be in any order.
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
		p.add(monomial(key), t.Coefficient)
	}
	return p, nil
}

// Constant is the polynomial c.
func Constant(c float64) Poly { return one("", c) }

// Variable is the polynomial x_i. It panics unless 0 <= i < MaxVariables.
func Variable(i int) Poly {
	if i < 0 || i >= MaxVariables {
		panic(fmt.Sprintf("poly.Variable: %d", i))
	}
	return one(monomial([]byte{byte(i >> 8), byte(i)}), 1)
}

func one(m monomial, c float64) Poly {
	p := Poly{terms: make(map[monomial]float64, 1)}
	p.add(m, c)
	return p
}

// add adds a term to p itself.
func (p Poly) add(m monomial, c float64) {
	if sum := p.terms[m] + c; sum != 0 {
		p.terms[m] = sum
	} else {
		delete(p.terms, m)
	}
}

// AddScaled returns p + scale q.
func (p Poly) AddScaled(scale float64, q Poly) Poly {
	return Sum([]float64{1, scale}, []Poly{p, q})
}

// Sum returns the sum of the scales times the polynomials, as many.
func Sum(scales []float64, list []Poly) Poly {
	sum := Poly{terms: make(map[monomial]float64)}
	for i, q := range list {
		for m, c := range q.terms {
			sum.add(m, scales[i]*c)
		}
	}
	return sum
}

// Mul returns p q.
func (p Poly) Mul(q Poly) Poly {
	product := Poly{terms: make(map[monomial]float64, len(p.terms)*len(q.terms))}
	// In order, so that equal factors give equal bits.
	left, right := p.sorted(), q.sorted()
	for _, a := range left {
		for _, b := range right {
			product.add(a.times(b), p.terms[a]*q.terms[b])
		}
	}
	return product
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

// sorted lists the monomials by degree, then lexicographically.
func (p Poly) sorted() []monomial {
	return slices.SortedFunc(maps.Keys(p.terms), func(a, b monomial) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

// Len is the number of terms.
func (p Poly) Len() int { return len(p.terms) }

// Degree is the largest number of factors in a monomial; 0 for a constant.
func (p Poly) Degree() int {
	degree := 0
	for m := range p.terms {
		degree = max(degree, len(m)/2)
	}
	return degree
}

// Terms lists the terms by degree, then lexicographically: 1, x_0, x_1, ...,
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

// Eval is the polynomial's value at x. It panics if x has too few variables.
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
