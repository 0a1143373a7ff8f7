package spec

import (
	"math"
	"slices"
	"strconv"
)

// Params lists the parameters in the layout of the flat vector: the trained
// ones in order of layers, then the statistics in order of layers.
func (n *Net) Params() []Param {
	params := n.walked("Params").params
	slices.SortStableFunc(params, func(a, b Param) int {
		switch sa, sb := a.Role.Statistic(), b.Role.Statistic(); {
		case sa == sb:
			return 0
		case sa:
			return 1
		}
		return -1
	})
	offset := 0
	for i := range params {
		params[i].Offset = offset
		offset += params[i].Size()
	}
	return params
}

// Owner is what the names of the layer's parameters begin with: its path, or that
// of the tie that it shares them by.
func (l Layer) Owner() string {
	if tie := l.tie(); tie > 0 {
		return "tie" + strconv.Itoa(tie)
	}
	return l.Path
}

// tie is a CG's; 0 for other layers.
func (l Layer) tie() int {
	if cg, ok := l.Op.(*CG); ok {
		return cg.Tie
	}
	return 0
}

// layerParams lists the parameters of one layer, without offsets.
func layerParams(l *Layer) []Param {
	param := func(name string, role Role, fanIn int, shape ...int) Param {
		return Param{Name: l.Owner() + "." + name, Shape: shape, Role: role, FanIn: fanIn}
	}
	switch op := l.Op.(type) {
	case *Conv:
		fanIn := op.L1 * op.L2 * l.In.C
		return []Param{
			param("conv.weight", Weight, fanIn, op.L1, op.L2, l.In.C, op.C),
			param("conv.bias", Bias, fanIn, op.C),
		}
	case *CG:
		taps := op.L1 * op.L2
		return []Param{param("cg.coefficients", Coefs, taps, terms(taps, op.Order), op.C)}
	case *Taylor:
		n := l.In.Size()
		return []Param{param("taylor.coefficients", Expansion, n, terms(n, op.Order), op.N)}
	case *Linear:
		fanIn := l.In.Size()
		return []Param{
			param("linear.weight", Weight, fanIn, fanIn, op.N),
			param("linear.bias", Bias, fanIn, op.N),
		}
	case *Norm:
		return []Param{
			param("norm.scale", Scale, 1, l.In.C),
			param("norm.shift", Shift, 1, l.In.C),
			param("norm.mean", Mean, 1, l.In.C),
			param("norm.variance", Var, 1, l.In.C),
		}
	}
	return nil
}

// terms is the number of monomials of degree at most order in n variables, or
// math.MaxInt if that is more than a network may have parameters.
func terms(n, order int) int {
	count := int64(1)
	for k := 1; k <= order; k++ {
		count = count * int64(n+k) / int64(k)
		if count > maxParams {
			return math.MaxInt
		}
	}
	return int(count)
}

// Monomials lists the monomials of degree at most order in n variables as
// tuples of indices that do not decrease: by degree, then lexicographically,
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
// Monomials are counted from the first of degree 1.
type Product struct{ Lower, Factor int32 }

// Products lists the monomials of degree 2 and above in the order of Monomials.
func Products(n, order int) []Product {
	var list []Product
	least := make([]int32, n) // by monomial, the first variable to multiply it by
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
