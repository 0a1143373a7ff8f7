// Package taylor reads the polynomials that trained networks compute.
//
//	prepared, err := m.Prepare(img) // an image.Image as the model takes it
//	// ...
//	a, err := taylor.Analyse(ctx, m, taylor.Request{
//		Pictures: []taylor.Picture{{File: "three.png", Prepared: prepared}},
//	})
//	if err != nil {
//		return err
//	}
//	e := a.Images[0]
//	fmt.Println(e.Class, e.ByOrder, e.Attribution)
//
// A network without activation functions is one polynomial of its image. On the
// line x(t) = x0 + t (x - x0) from an expansion point x0 to an image x, every
// value in it is a polynomial in t. Its coefficients are carried from step to
// step. Nothing is sampled or estimated: the only error is the rounding of
// float64. The coefficient of t^k in a logit is what all monomials of degree k
// in x - x0 contribute to it.
//
// If the degree is over 1,024, all orders would take more memory than they may, or they
// cancel beyond all digits, that holds for orders 0 to 2. What pixels contribute over all orders is then integrated numerically,
// and checked.
//
// Analyse returns all that can be read from a model, as values that can be written as
// JSON. Net, Line and their methods compute its parts. StudyOrders measures on labelled
// images what the network is without its higher orders, and Truncate makes a model of its
// first two. StudyDirect compares direct
// Taylor expansions of images, which have no coarse-graining.
package taylor
