package cpu

import (
	"fmt"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// Engine computes on CPUs in elements of type T.
type Engine[T tensor.Float] struct{}

// New returns the engine for float32, with which networks are trained.
func New() Engine[float32] { return Engine[float32]{} }

// Name implements engine.Engine.
func (Engine[T]) Name() string { return "cpu" }

// Compile implements engine.Engine.
func (Engine[T]) Compile(net *spec.Net, params []T, opts engine.Options) (engine.Program[T], error) {
	if err := net.Validate(); err != nil {
		return nil, fmt.Errorf("compiling: %w", err)
	}
	folded, err := engine.Fold(net, params)
	if err != nil {
		return nil, fmt.Errorf("compiling: %w", err)
	}
	p, err := newProgram(folded.Net, folded.Params, opts)
	if err != nil {
		return nil, fmt.Errorf("compiling: %w", err)
	}
	return p, nil
}

// CompileTraining implements engine.Engine.
func (Engine[T]) CompileTraining(net *spec.Net, opts engine.TrainingOptions) (engine.Trainer[T], error) {
	if err := net.Validate(); err != nil {
		return nil, fmt.Errorf("compiling: %w", err)
	}
	t, err := newTrainer[T](net, opts)
	if err != nil {
		return nil, fmt.Errorf("compiling: %w", err)
	}
	return t, nil
}

// checkOrders checks that a network has orders, if any are asked for.
func checkOrders(net *spec.Net, orders int) error {
	switch {
	case orders < 0 || orders > engine.MaxOrders:
		return fmt.Errorf("orders up to %d, where 0 to %d can be computed", orders, engine.MaxOrders)
	case orders > 0 && !net.Polynomial():
		return fmt.Errorf("%w: a network with ReLU or MaxPool has no orders; train it without them", engine.ErrNotPolynomial)
	}
	return nil
}
