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
	// Patterns are nil without training images, if their values overflow, and of all but the
	// first 100 classes.
	Patterns *Patterns `json:"patterns,omitempty"`
}

// Patterns are a class's templates in the units of training images. The eigenvectors of a
// quadratic form count every direction alike, also those in which images hardly differ. Here
// directions count as images vary along them: with B the form and d_1 ... d_n the images less
// the expansion point, the values are the eigenvalues of the matrix d_s B d_t / n. The pattern
// of its eigenvector w is the sum of w_s d_s / sqrt(n).
//
// An image is a sum of patterns, each times a number whose square is 1 on average over the
// images. So order 2 is the sum of the values times these squares.
type Patterns struct {
	// Values are what the patterns add to the logit on average over the images: those that are
	// largest by their absolute value, the largest first.
	Values   []float64   `json:"values"`
	Pictures [][]float64 `json:"pictures,omitempty"` // [H*W*C] each
	// Mean is the mean of order 2 over the images, the sum of all values, and Share the
	// fraction of the squares of all values that these have.
	Mean  float64 `json:"mean"`
	Share float64 `json:"share"`
}

// mostTemplates is the number of templates of a class.
const mostTemplates = 8

// Patterns are computed of the first patternClasses classes in the first training images: in
// patternImages of them, or as many as take about patternWork multiplications, but in none
// if that is fewer than fewestImages.
const (
	patternClasses = 100
	patternImages  = 512
	fewestImages   = 16
	patternWork    = 1 << 33
)

// patternSample returns the number of training images that the patterns of so many inputs are
// computed in, if there are as many.
func patternSample(inputs, classes int) int {
	each := float64(inputs) * float64(inputs) * float64(min(classes, patternClasses))
	most := int(min(patternImages, patternWork/each))
	if most < fewestImages {
		return 0
	}
	return most
}

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
		var vectors [][]float64
		t.Eigenvalues, vectors, t.Share = principal(ctx, form, len(inputs))
		for _, v := range vectors {
			t.Vectors = append(t.Vectors, spread(v, inputs, size))
		}
		if err := interrupted(ctx); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// addPatterns adds the patterns to the templates of each class, in images less the expansion
// point, [H*W*C] each. Without images there are none. It returns ErrInterrupted when ctx ends.
func addPatterns(ctx context.Context, list []Templates, q *Quadratic, images [][]float64) error {
	if len(images) == 0 {
		return nil
	}
	for _, d := range images {
		for i := range d {
			d[i] /= math.Sqrt(float64(len(images)))
		}
	}
	for k := range min(len(list), patternClasses) {
		list[k].Patterns = patterns(ctx, q.Products[k], images)
		if err := interrupted(ctx); err != nil {
			return err
		}
	}
	return nil
}

// patterns returns those of a quadratic form in rows of inputs, the images less the expansion
// point over the root of their number.
func patterns(ctx context.Context, form []float64, rows [][]float64) *Patterns {
	n, m := len(rows), len(rows[0])
	between, made := make([]float64, n*n), make([]float64, m)
	p := &Patterns{}
	for s, row := range rows {
		if ctx.Err() != nil {
			return nil
		}
		for i := range made {
			made[i] = inner(form[i*m:][:m], row)
		}
		for t := range s + 1 {
			v := inner(made, rows[t])
			between[s*n+t], between[t*n+s] = v, v
		}
		p.Mean += between[s*n+s]
	}
	if !finite(between) || !finite([]float64{p.Mean}) {
		return nil
	}
	var vectors [][]float64
	p.Values, vectors, p.Share = principal(ctx, between, n)
	for _, w := range vectors {
		picture := make([]float64, m)
		for s, row := range rows {
			for i, x := range row {
				picture[i] += w[s] * x
			}
		}
		p.Pictures = append(p.Pictures, picture)
	}
	return p
}

// principal returns the leading eigenvalues and eigenvectors of a symmetric matrix [n*n], and
// the fraction of the squares of all that these have. A matrix that is zero has none.
func principal(ctx context.Context, matrix []float64, n int) (values []float64, vectors [][]float64, share float64) {
	values = []float64{}
	var size, found float64
	for _, v := range matrix {
		size = math.Hypot(size, v)
	}
	if size == 0 {
		return values, nil, 0
	}
	values, vectors = leading(ctx, matrix, n, mostTemplates)
	for _, v := range values {
		found = math.Hypot(found, v)
	}
	return values, vectors, found / size * (found / size)
}

// spread returns an image of a size with values in some of its inputs.
func spread(values []float64, inputs []int, size int) []float64 {
	out := make([]float64, size)
	for i, at := range inputs {
		out[at] = values[i]
	}
	return out
}
