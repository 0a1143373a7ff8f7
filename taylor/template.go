package taylor

import (
	"context"
	"math"
)

// Templates are what a class compares an image with in its first two orders about a point:
// with d the image less the point, order 1 is the sum of Linear times d, and order 2 is the
// sum over templates of the eigenvalue times the square of the template's product with d.
type Templates struct {
	Class  string    `json:"class"`
	Linear []float64 `json:"linear,omitempty"` // [H*W*C]
	// Eigenvalues are those of the class's quadratic form that are largest by their absolute
	// value, the largest first. What resembles a template speaks for the class if its
	// eigenvalue is positive, and against it if it is negative.
	Eigenvalues []float64   `json:"eigenvalues"`
	Vectors     [][]float64 `json:"templates,omitempty"` // unit vectors, [H*W*C] each
	// Share is the fraction of the squares of all eigenvalues that these have.
	Share float64 `json:"share"`
}

// mostTemplates is the number of templates of a class.
const mostTemplates = 8

// templates returns the templates of each class. Inputs that are not active, about which
// nothing was learned, are left out of the quadratic forms; active may be nil. It returns
// ErrInterrupted when ctx ends.
func templates(ctx context.Context, q *Quadratic, classes []string, active []bool) ([]Templates, error) {
	var inputs []int
	size := len(q.Linear[0])
	for i := range size {
		if active == nil || active[i] {
			inputs = append(inputs, i)
		}
	}
	var out []Templates
	for k, class := range classes {
		t := Templates{Class: class, Linear: q.Linear[k], Eigenvalues: []float64{}}
		form := make([]float64, 0, len(inputs)*len(inputs))
		for _, i := range inputs {
			for _, j := range inputs {
				form = append(form, q.Products[k][i*size+j]/2+q.Products[k][j*size+i]/2)
			}
		}
		t.add(ctx, form, inputs)
		if err := interrupted(ctx); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// add adds the templates of a quadratic form of some of the inputs, unless it is zero.
func (t *Templates) add(ctx context.Context, form []float64, inputs []int) {
	var size, found float64
	for _, v := range form {
		size = math.Hypot(size, v)
	}
	if size == 0 {
		return
	}
	values, vectors := leading(ctx, form, len(inputs), mostTemplates)
	for e, value := range values {
		template := make([]float64, len(t.Linear))
		for i, at := range inputs {
			template[at] = vectors[e][i]
		}
		t.Eigenvalues, t.Vectors, found = append(t.Eigenvalues, value), append(t.Vectors, template), math.Hypot(found, value)
	}
	t.Share = found / size * (found / size)
}
