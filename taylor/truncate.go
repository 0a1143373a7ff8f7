package taylor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/spec"
)

// Truncated says what a model made by Truncate is of. Its record of training has it under
// the key "truncated".
type Truncated struct {
	SHA256 string `json:"sha256"` // of the model's file
	Net    string `json:"net"`
	Params int    `json:"params"`
	Degree int    `json:"degree"`
	Order  int    `json:"order"`
}

// Truncate returns the Taylor polynomial of a model about the mean of its training images up
// to order 1 or 2 as a model of its own. Its logits are f_0 + ... + f_order, and its network
// is a direct expansion. Classes, normalisation and the preparation of pictures are those of
// m. What m knows of the logits of its training images is left out, because other logits take
// their place: the caller may measure it again. progress is as in Net.Quadratic, which order 1
// does not need, and so are the errors, which also wrap ErrNotPolynomial. Options.Memory is that
// of FromModel, but for order 2 at least what images of 28x28 take.
func Truncate(ctx context.Context, m *model.Model, order int, opts Options, progress func(done, total int)) (*model.Model, error) {
	if order < 1 || order > lowOrders {
		return nil, fmt.Errorf("order %d: want 1 or %d", order, lowOrders)
	}
	n, err := FromModel(m, opts)
	if err != nil {
		return nil, err
	}
	q, err := n.low(ctx, Mean(m), order, opts.Memory, progress)
	if err != nil {
		return nil, err
	}
	cfg := m.Config()
	cfg.Net = &spec.Net{Input: n.Input, Ops: []spec.Op{&spec.Taylor{N: n.K, Order: order}}}
	cfg.Params = coefficients(q, cfg.Normalisation.Std, order)
	cfg.LogitRange, cfg.Guard = 0, nil
	if cfg.Training, err = truncatedRecord(m, order); err != nil {
		return nil, err
	}
	truncated, err := model.New(cfg, model.Options{Memory: opts.Memory})
	if err != nil {
		return nil, fmt.Errorf("%w: the coefficients do not fit 32 bits: %w", model.ErrNotFinite, err)
	}
	return truncated, nil
}

// low returns the orders up to 1, without products, or 2.
func (n *Net) low(ctx context.Context, about []float64, order int, budget int64, progress func(done, total int)) (*Quadratic, error) {
	size := n.Input.Size()
	after := float64(poly.NumMonomials(size, order)) * float64(n.K) * (perIndex + perIndex)
	if order == 1 {
		if err := n.cost.check(n.cost.gradients()+after, fmt.Sprintf("the first order of %d inputs for %d logits", size, n.K), "a smaller image"); err != nil {
			return nil, err
		}
		p, a := n.newPass(ctx, 0), n.newAdjoint(ctx, 0)
		p.run(about, nil)
		q := &Quadratic{Constant: p.at(n.output, 0)}
		for k := range n.K {
			a.run(p, k)
			q.Linear = append(q.Linear, slices.Clone(a.at(n.input, 0)))
		}
		return q, interrupted(ctx)
	}
	n.allowSecondOrder(budget)
	if err := n.cost.check(n.cost.quadratic(after), fmt.Sprintf("the second order of %d inputs for %d logits", size, n.K), "a smaller image"); err != nil {
		return nil, err
	}
	return n.Quadratic(ctx, about, progress)
}

// allowSecondOrder lets the second order of images of 28x28 fit, unless a budget is given.
func (n *Net) allowSecondOrder(budget int64) {
	if budget == 0 {
		n.cost.budget = max(n.cost.budget, min(leastSecondOrder, float64(memory.Default())))
	}
}

// coefficients returns those of a direct expansion of the network's input, which is the
// distance from the mean in units of std, [terms,K].
func coefficients(q *Quadratic, std []float32, order int) []float32 {
	logits, size := len(q.Constant), len(q.Linear[0])
	unit := func(i int) float64 { return float64(std[i%len(std)]) }
	list := make([]float32, 0, poly.NumMonomials(size, order)*logits)
	add := func(value func(k int) float64) {
		for k := range logits {
			list = append(list, float32(value(k)))
		}
	}
	add(func(k int) float64 { return q.Constant[k] })
	for i := range size {
		add(func(k int) float64 { return q.Linear[k][i] * unit(i) })
	}
	for _, p := range poly.Products(size, order) {
		i, j := int(p.Lower), int(p.Factor)
		add(func(k int) float64 { return q.Pair(k, i, j) * unit(i) * unit(j) })
	}
	return list
}

// truncatedRecord returns a model's record of training with what was made of it. Its
// accuracies are left out.
func truncatedRecord(m *model.Model, order int) (json.RawMessage, error) {
	record := map[string]json.RawMessage{}
	if json.Unmarshal(m.Training(), &record) != nil || record == nil {
		record = map[string]json.RawMessage{} // written by another program
	}
	delete(record, "validation_accuracy")
	delete(record, "test_accuracy")
	hash, err := m.Hash()
	if err != nil {
		return nil, err
	}
	net := m.Net()
	if record["truncated"], err = json.Marshal(Truncated{hash, net.String(), net.NumParams(), net.Degree(), order}); err != nil {
		return nil, err
	}
	return json.Marshal(record)
}
