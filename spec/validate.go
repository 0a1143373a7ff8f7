package spec

import (
	"fmt"
	"slices"
	"strconv"
)

const tooDeep = "groups are nested more than 32 deep"

// Validate checks a network that a program made, as Parse checks a source. The error
// is a Faults with everything that is wrong.
func (n *Net) Validate() error {
	var w walk
	w.net(n, Pos{}, true)
	return w.faults.err()
}

// walk goes through a network in order of computation and gathers all that is
// known about it. If there are faults, nothing else may be used.
type walk struct {
	faults   Faults
	layers   []Layer
	steps    []Step           // without the offsets of parameters
	params   []Param          // without offsets
	shared   map[string][]int // their shapes by name
	elements int              // of all params
	count    int              // operations and branches
	out      signal
}

// walked walks through a network that must be valid.
func (n *Net) walked(method string) walk {
	var w walk
	w.net(n, Pos{}, true)
	if err := w.faults.err(); err != nil {
		panic("spec.Net." + method + ": " + err.Error())
	}
	return w
}

// signal is what flows between operations.
type signal struct {
	shape  Shape // the zero Shape after a fault that leaves it unknown
	degree int   // as Layer.Degree
	step   int   // that computes it, as in Step.Inputs
}

func (s signal) known() bool { return s.shape != Shape{} }

// net walks through n, whose Input line is at pos. known says whether it could be read.
func (w *walk) net(n *Net, pos Pos, known bool) {
	in := signal{degree: 1, step: -1}
	for _, f := range inputFields(&n.Input) {
		if known && !f.admits(*f.value) {
			w.faults = append(w.faults, Fault{pos, f.wrong(inputName, strconv.Itoa(*f.value))})
			known = false
		}
	}
	if known {
		in.shape = n.Input
		if _, ok := product(maxSize, n.Input.H, n.Input.W, n.Input.C); !ok {
			w.faults = append(w.faults, Fault{pos, tooLarge(n.Input)})
			in.shape = Shape{}
		}
	}
	w.out = w.ops(n.Ops, "", 0, in)
	if !w.out.known() {
		return
	}
	switch last := len(n.Ops) - 1; {
	case last < 0 && len(w.faults) == 0:
		w.faults = append(w.faults, Fault{pos, "the net has no operations"})
	case last >= 0 && (w.out.shape.H != 1 || w.out.shape.W != 1):
		w.fault(n.Ops[last], strconv.Itoa(last), "the net ends in %v, want [1,1,K]: end it with Linear(n), or AvgPool", w.out.shape)
	}
}

// fault notes what is wrong with an operation. It names the place in the source, or
// else that in the tree.
func (w *walk) fault(op Op, path, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	pos := op.Position()
	if pos == (Pos{}) {
		msg = "operation " + path + ": " + msg
	}
	w.faults = append(w.faults, Fault{pos, msg})
}

// counted counts an operation or branch. It returns false, and the walk goes no
// further, once there are too many.
func (w *walk) counted(op Op, path string) bool {
	w.count++
	if w.count == maxOps+1 {
		w.fault(op, path, "the net has more than %d operations and branches", maxOps)
	}
	return w.count <= maxOps
}

// ops goes through a chain of operations and returns its output.
func (w *walk) ops(ops []Op, prefix string, depth int, in signal) signal {
	for i, op := range ops {
		path := prefix + strconv.Itoa(i)
		if !w.counted(op, path) {
			return signal{}
		}
		in = w.op(op, path, depth, in, i > 0)
	}
	return in
}

// op adds the layer and the step of one operation, and those of its branches, and
// returns its output.
func (w *walk) op(op Op, path string, depth int, in signal, follows bool) signal {
	at := len(w.layers)
	w.layers = append(w.layers, Layer{Path: path, Op: op, Depth: depth, In: in.shape})
	inputs, ok := []signal{in}, false
	g, grouped := op.(group)
	switch {
	case foreign(op):
		w.fault(op, path, "%T is not an operation", op)
	case grouped:
		inputs, ok = w.branches(g, path, depth, in)
	default:
		ok = w.values(op, path)
	}
	step := Step{Follows: follows && !grouped}
	var out signal
	if ok {
		out = w.output(op, path, inputs)
	}
	layer := &w.layers[at]
	layer.Out, layer.Degree = out.shape, out.degree
	if in.known() && out.known() {
		step.Params = w.measure(layer)
	}
	for _, s := range inputs {
		step.Inputs = append(step.Inputs, s.step)
	}
	step.Layer, out.step = *layer, len(w.steps)
	w.steps = append(w.steps, step)
	return out
}

// values reports whether the values of an operation are within their bounds.
func (w *walk) values(op Op, path string) bool {
	valid := true
	for _, f := range op.fields() {
		if !f.admits(*f.value) {
			w.fault(op, path, "%s", f.wrong(op.name(), strconv.Itoa(*f.value)))
			valid = false
		}
	}
	return valid
}

// branches returns the outputs of a group's branches. ok is false if one is not known.
func (w *walk) branches(g group, path string, depth int, in signal) (outs []signal, ok bool) {
	if depth == maxDepth {
		w.fault(g, path, tooDeep)
		return nil, false
	}
	list := g.branches()
	if len(list) < 2 {
		w.fault(g, path, "%s needs at least two branches, as in %s{ a | b }, got %d", g.name(), g.name(), len(list))
	}
	ok = len(list) > 0
	for i, branch := range list {
		prefix := path + "." + strconv.Itoa(i)
		if !w.counted(g, prefix) {
			return nil, false
		}
		out := w.ops(branch, prefix+".", depth+1, in)
		outs = append(outs, out)
		ok = ok && out.known()
	}
	return outs, ok
}

// output returns the output of an operation, or of a group on those of its branches.
func (w *walk) output(op Op, path string, inputs []signal) signal {
	var shapes []Shape
	var degrees []int
	for _, s := range inputs {
		shapes, degrees = append(shapes, s.shape), append(degrees, s.degree)
	}
	shape := op.out(shapes, func(format string, args ...any) { w.fault(op, path, format, args...) })
	if _, ok := product(maxSize, shape.H, shape.W, shape.C); !ok {
		w.fault(op, path, "%s", tooLarge(shape))
		shape = Shape{}
	}
	return signal{shape: shape, degree: op.degree(degrees)}
}

// measure sets a layer's multiply-adds and number of parameters, and returns its
// parameters. Those that no earlier layer shares are added to the network's.
func (w *walk) measure(l *Layer) []Param {
	list := l.Op.params(l.Path, l.In)
	for _, p := range list {
		if first, ok := w.shared[p.Name]; ok {
			if !slices.Equal(first, p.Shape) {
				w.fault(l.Op, l.Path, "%v has %d coefficients for %d channels, the first with that tie %d for %d",
					l, p.Shape[0], p.Shape[1], first[0], first[1])
			}
			continue
		}
		size, ok := product(maxParams-w.elements, p.Shape...)
		if !ok {
			w.fault(l.Op, l.Path, "the net has more than %d parameters", maxParams)
			w.elements = 0
			return nil
		}
		w.elements += size
		if !p.Role.Statistic() {
			l.NumParams += size
		}
		w.params = append(w.params, p)
		if w.shared == nil {
			w.shared = make(map[string][]int)
		}
		w.shared[p.Name] = p.Shape
	}
	l.MACs = l.Op.macs(l.In, l.Out)
	return list
}

// product multiplies numbers that are not negative. ok is false if the result would
// be above limit.
func product(limit int, factors ...int) (n int, ok bool) {
	n = 1
	for _, f := range factors {
		if f != 0 && n > limit/f {
			return 0, false
		}
		n *= f
	}
	return n, true
}

func tooLarge(s Shape) string {
	return fmt.Sprintf("the feature map %v has more than %d values", s, maxSize)
}
