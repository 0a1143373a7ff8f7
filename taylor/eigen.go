package taylor

import (
	"context"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/internal/rng"
)

// eigenError is how exact the eigenvectors of leading are: the length of what a matrix makes
// of a vector less its eigenvalue times the vector, as a fraction of the largest eigenvalue.
const eigenError = 1e-9

// leading returns the eigenvalues of a symmetric matrix [n*n] that are largest by their
// absolute value, at most so many and the largest first, with unit eigenvectors. It is Lanczos'
// method with vectors kept orthogonal in full, from a fixed random vector, and with as many
// steps as that takes (Golub and Van Loan, Matrix Computations, 4th ed., chapter 10). The
// result is of no use once ctx has ended.
func leading(ctx context.Context, matrix []float64, n, most int) (values []float64, vectors [][]float64) {
	largest := 0.0
	for _, v := range matrix {
		largest = max(largest, math.Abs(v))
	}
	scaled := slices.Clone(matrix)
	if largest > 0 {
		for i := range scaled {
			scaled[i] /= largest // so that no square overflows or vanishes
		}
	}
	l := lanczos{matrix: scaled, n: n, draw: rng.New(1, "eigenvectors").NormFloat64}
	most = min(most, n)
	for steps := min(n, 2*most+20); ; steps = min(n, 2*steps) {
		if !l.extend(ctx, steps) {
			return nil, nil
		}
		eigen, parts := jacobi(l.diagonal, l.beside[:steps-1])
		order := descending(steps, func(i int) float64 { return math.Abs(eigen[i]) })[:most]
		rest := 0.0
		for _, i := range order {
			rest = max(rest, math.Abs(l.beside[steps-1]*parts[i][steps-1]))
		}
		if steps < n && rest > eigenError*math.Abs(eigen[order[0]]) {
			continue
		}
		for _, i := range order {
			values, vectors = append(values, eigen[i]*largest), append(vectors, l.combine(parts[i]))
		}
		return values, vectors
	}
}

// lanczos is an orthonormal basis in which a matrix is tridiagonal.
type lanczos struct {
	matrix           []float64
	n                int
	draw             func() float64
	basis            [][]float64
	diagonal, beside []float64
	next             []float64 // what the matrix makes of the last vector, less the basis
}

// extend extends the basis to a number of vectors. It reports whether it could before ctx
// ended.
func (l *lanczos) extend(ctx context.Context, steps int) bool {
	for len(l.basis) < steps {
		if ctx.Err() != nil {
			return false
		}
		if len(l.basis) == 0 || l.beside[len(l.beside)-1] == 0 { // the matrix makes no more of these
			l.next = make([]float64, l.n)
			for i := range l.next {
				l.next[i] = l.draw()
			}
			l.orthogonal()
			l.scaled(1 / math.Sqrt(inner(l.next, l.next)))
			l.orthogonal()
		}
		length := math.Sqrt(inner(l.next, l.next))
		l.scaled(1 / length)
		v := l.next
		l.basis = append(l.basis, v)
		l.next = make([]float64, l.n)
		size := 0.0
		for i := range l.next {
			l.next[i] = inner(l.matrix[i*l.n:][:l.n], v)
			size += l.next[i] * l.next[i]
		}
		l.diagonal = append(l.diagonal, inner(l.next, v))
		l.orthogonal()
		l.orthogonal() // once more, for what rounding left
		rest := math.Sqrt(inner(l.next, l.next))
		if rest <= 1e-13*math.Sqrt(size) {
			rest = 0
		}
		l.beside = append(l.beside, rest)
	}
	return true
}

// orthogonal takes from the next vector its part along the basis.
func (l *lanczos) orthogonal() {
	for _, v := range l.basis {
		part := inner(l.next, v)
		for i, x := range v {
			l.next[i] -= part * x
		}
	}
}

func (l *lanczos) scaled(by float64) {
	for i := range l.next {
		l.next[i] *= by
	}
}

// combine returns a vector from its parts along the basis. Its largest element is positive.
func (l *lanczos) combine(parts []float64) []float64 {
	out, largest := make([]float64, l.n), 0.0
	for j, v := range l.basis {
		for i, x := range v {
			out[i] += parts[j] * x
		}
	}
	for _, x := range out {
		if math.Abs(x) > math.Abs(largest) {
			largest = x
		}
	}
	if largest < 0 {
		for i := range out {
			out[i] = -out[i]
		}
	}
	return out
}

// inner returns the sum of the products of x and y, in four sums, of which none waits for
// another.
func inner(x, y []float64) float64 {
	y = y[:len(x)]
	var a, b, c, d float64
	i := 0
	for ; i+4 <= len(x); i += 4 {
		a += x[i] * y[i]
		b += x[i+1] * y[i+1]
		c += x[i+2] * y[i+2]
		d += x[i+3] * y[i+3]
	}
	for ; i < len(x); i++ {
		a += x[i] * y[i]
	}
	return a + b + c + d
}

// jacobi returns the eigenvalues and eigenvectors of a symmetric tridiagonal matrix, by
// rotations of two rows and columns each that make the element between them zero.
func jacobi(diagonal, beside []float64) (values []float64, vectors [][]float64) {
	n := len(diagonal)
	a := matrix(n, n)
	vectors = matrix(n, n)
	for i, v := range diagonal {
		a[i][i], vectors[i][i] = v, 1
		if i < len(beside) {
			a[i][i+1], a[i+1][i] = beside[i], beside[i]
		}
	}
	least := 0.0 // what is as good as zero
	for _, row := range a {
		least += inner(row, row)
	}
	least = 1e-16 * math.Sqrt(least)
	for turned := true; turned; {
		turned = false
		for p := range n {
			for q := p + 1; q < n; q++ {
				if math.Abs(a[p][q]) <= least {
					continue
				}
				turned = true
				half := (a[q][q] - a[p][p]) / (2 * a[p][q])
				t := math.Copysign(1, half) / (math.Abs(half) + math.Hypot(1, half))
				c := 1 / math.Hypot(1, t)
				turn(a[p], a[q], c, c*t)
				for _, row := range a {
					row[p], row[q] = c*row[p]-c*t*row[q], c*t*row[p]+c*row[q]
				}
				a[p][q], a[q][p] = 0, 0
				turn(vectors[p], vectors[q], c, c*t)
			}
		}
	}
	for i := range n {
		values = append(values, a[i][i])
	}
	return values, vectors
}

// turn rotates two rows.
func turn(p, q []float64, c, s float64) {
	for i, x := range p {
		p[i], q[i] = c*x-s*q[i], s*x+c*q[i]
	}
}
