package kernel

import (
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/tensor"
)

// MaxOrder is the highest order of a coarse-graining polynomial.
const MaxOrder = 3

// CG computes the coarse-graining polynomial of every site and channel,
//
//	y = c + sum_i a_i x_i + sum_{i<=j} b_ij x_i x_j + sum_{i<=j<=k} d_ijk x_i x_j x_k
//
// up to the given order, where x_i is the window's i-th input in that channel,
// less the channel's mean unless mean is nil. With a mean there must be no padding,
// because the zero pixel would read as -mean; a coarse-graining has none. coefs is [terms][channels], the terms by degree and within a degree
// in lexicographic order of (i,j,k); y is [sites][channels].
func CG[T tensor.Float](y, x, mean []T, win Window, coefs []T, channels, order int) {
	checkCG("kernel.CG", win, len(x), mean, len(y), len(coefs), channels, order)
	if order == 1 && mean == nil && win.inRow(channels) {
		Affine(y, x[win.Index[0]:][:len(y)], coefs[channels:], coefs[:channels])
		return
	}
	if y32 := float32s(y); y32 != nil {
		cgFloat32(y32, float32s(x), float32s(mean), win, float32s(coefs), channels, order)
	} else {
		cgPortable(y, x, mean, win, coefs, channels, order)
	}
}

// CGGrad is the backward pass of CG: given dy [sites][channels] it adds the
// gradient of the coefficients to dcoefs [terms][channels] and the gradient of
// the inputs to dx, a buffer indexed as x is. If win is a partition, dx is
// stored instead of added to. A nil dx is not computed. What the zero pixel of dx
// receives is meaningless and differs between levels.
func CGGrad[T tensor.Float](dx, dcoefs, x, mean []T, win Window, dy, coefs []T, channels, order int) {
	checkCG("kernel.CGGrad", win, len(x), mean, len(dy), len(coefs), channels, order)
	if len(dcoefs) != len(coefs) || (dx != nil && len(dx) != len(x)) {
		panic("kernel.CGGrad: sizes do not agree")
	}
	if dcoefs32 := float32s(dcoefs); dcoefs32 != nil {
		cgGradFloat32(float32s(dx), dcoefs32, float32s(x), float32s(mean), win, float32s(dy), float32s(coefs), channels, order)
	} else {
		cgGradPortable(dx, dcoefs, x, mean, win, dy, coefs, channels, order)
	}
}

func checkCG[T tensor.Float](name string, win Window, inputs int, mean []T, outputs, coefs, channels, order int) {
	if order < 1 || order > MaxOrder {
		panic(name + ": order out of range")
	}
	if outputs != win.Sites()*channels || coefs != poly.NumMonomials(win.Taps, order)*channels || (mean != nil && len(mean) != channels) {
		panic(name + ": sizes do not agree")
	}
	win.check(name, channels, inputs)
}

// orZero returns element c of s, or 0 if s is nil.
func orZero[T tensor.Float](s []T, c int) T {
	if s == nil {
		return 0
	}
	return s[c]
}

func cgPortable[T tensor.Float](y, x, mean []T, win Window, coefs []T, channels, order int) {
	n := win.Taps
	for s := range win.Sites() {
		at := win.Index[s*n:][:n]
		for c := range channels {
			m := orZero(mean, c)
			sum := coefs[c]
			quad, cubic := 1+n, poly.NumMonomials(n, 2)
			for i := range n {
				ti := coefs[(1+i)*channels+c]
				if order >= 2 {
					for j := i; j < n; j++ {
						tj := coefs[quad*channels+c]
						quad++
						if order == 3 {
							for k := j; k < n; k++ {
								tj += coefs[cubic*channels+c] * (x[int(at[k])+c] - m)
								cubic++
							}
						}
						ti += tj * (x[int(at[j])+c] - m)
					}
				}
				sum += ti * (x[int(at[i])+c] - m)
			}
			y[s*channels+c] = sum
		}
	}
}

func cgGradPortable[T tensor.Float](dx, dcoefs, x, mean []T, win Window, dy, coefs []T, channels, order int) {
	if dx != nil && win.Partition {
		for _, at := range win.Index {
			clear(dx[at:][:channels])
		}
	}
	n := win.Taps
	for s := range win.Sites() {
		at := win.Index[s*n:][:n]
		for c := range channels {
			m := orZero(mean, c)
			g := dy[s*channels+c]
			dcoefs[c] += g
			quad, cubic := 1+n, poly.NumMonomials(n, 2)
			for i := range n {
				gi := g * (x[int(at[i])+c] - m)
				dcoefs[(1+i)*channels+c] += gi
				dxi := coefs[(1+i)*channels+c] // becomes dy/dx_i less the terms added at other members
				if order >= 2 {
					for j := i; j < n; j++ {
						xj := x[int(at[j])+c] - m
						dcoefs[quad*channels+c] += gi * xj
						b := coefs[quad*channels+c]
						quad++
						dxj := b
						if order == 3 {
							for k := j; k < n; k++ {
								xk := x[int(at[k])+c] - m
								dcoefs[cubic*channels+c] += gi * xj * xk
								d := coefs[cubic*channels+c]
								cubic++
								b += d * xk
								dxj += d * xk
								if dx != nil {
									dx[int(at[k])+c] += gi * d * xj
								}
							}
						}
						dxi += b * xj
						if dx != nil {
							dx[int(at[j])+c] += gi * dxj
						}
					}
				}
				if dx != nil {
					dx[int(at[i])+c] += g * dxi
				}
			}
		}
	}
}
