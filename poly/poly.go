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
	sum, _ := Limit{Terms: math.MaxInt}.Sum(scales, list)
	return sum
}

// Mul returns p q.
func (p Poly) Mul(q Poly) Poly {
	product, _ := Limit{Terms: math.MaxInt}.Mul(p, q)
	return product
}

// Limit bounds a sum or product while it is made.
type Limit struct {
	Terms int // at most so many, those that have become zero included
	// Stop, unless it is nil, is asked once in a few milliseconds whether to stop.
	Stop func() bool
}

// stepsAtOnce is the number of terms that are added or multiplied between two calls of
// Stop.
const stepsAtOnce = 1 << 14

// Sum returns what the function Sum does, or false if the limit ended it.
func (l Limit) Sum(scales []float64, list []Poly) (Poly, bool) {
	sum, steps := Poly{terms: make(map[monomial]float64)}, 0
	for i, q := range list {
		for m, c := range q.terms {
			sum.terms[m] += scales[i] * c
			if steps++; len(sum.terms) > l.Terms || l.stops(&steps) {
				return Poly{}, false
			}
		}
	}
	return sum.reduced(), true
}

// Mul returns p q, or false if the limit ended it.
func (l Limit) Mul(p, q Poly) (Poly, bool) {
	// In order, so that equal factors give equal bits.
	left, right := p.sorted(), q.sorted()
	coefs := make([]float64, len(right))
	for j, b := range right {
		coefs[j] = q.terms[b]
	}
	product, steps := Poly{terms: make(map[monomial]float64, len(left)+len(right))}, 0
	var key []byte
	for _, a := range left {
		c := p.terms[a]
		for j, b := range right {
			key = a.times(b, key[:0])
			product.terms[monomial(key)] += c * coefs[j]
			if steps++; len(product.terms) > l.Terms || l.stops(&steps) {
				return Poly{}, false
			}
		}
	}
	return product.reduced(), true
}

// stops asks Stop if there were many steps since the last time.
func (l Limit) stops(steps *int) bool {
	if *steps < stepsAtOnce || l.Stop == nil {
		return false
	}
	*steps = 0
	return l.Stop()
}

// times appends the merged factors of two monomials.
func (m monomial) times(n monomial, merged []byte) []byte {
	for len(m) > 0 && len(n) > 0 {
		if m[:2] <= n[:2] {
			merged, m = append(merged, m[:2]...), m[2:]
		} else {
			merged, n = append(merged, n[:2]...), n[2:]
		}
	}
	return append(append(merged, m...), n...)
}

// sorted returns the monomials by degree, then lexicographically.
func (p Poly) sorted() []monomial {
	list := slices.AppendSeq(make([]monomial, 0, len(p.terms)), maps.Keys(p.terms))
	slices.SortFunc(list, func(a, b monomial) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return list
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
		terms = append(terms, p.term(m))
	}
	return terms
}

// term returns the term of a monomial.
func (p Poly) term(m monomial) Term {
	t := Term{Variables: make([]int, 0, len(m)/2), Coefficient: p.terms[m]}
	for i := 0; i < len(m); i += 2 {
		t.Variables = append(t.Variables, int(m[i])<<8|int(m[i+1]))
	}
	return t
}

// Finite reports whether all coefficients are finite numbers.
func (p Poly) Finite() bool {
	for _, c := range p.terms {
		if math.IsNaN(c) || math.IsInf(c, 0) {
			return false
		}
	}
	return true
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
