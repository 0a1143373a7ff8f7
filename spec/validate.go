package spec

import (
	"fmt"
	"slices"
	"strconv"
)

const tooDeep = "groups stand more than 32 deep in each other"

// Validate checks a network made by a program as Parse checks a source. The
// error is a Faults with everything that is wrong.
func (n *Net) Validate() error {
	var w walk
	w.net(n, Pos{}, true)
	return w.faults.err()
}

// walk goes through a network in order of computation and gathers all that is
// known about it. Nothing but faults is to be used if there are any.
type walk struct {
	faults   Faults
	layers   []Layer
	params   []Param          // without offsets
	elements int              // of all params
	count    int              // operations and branches
	ties     map[string][]int // shapes of the tied parameters so far, by name
	out      signal
}

// signal is what flows between operations.
type signal struct {
	shape  Shape // the zero Shape after a fault that leaves it unknown
	degree int   // as Layer.Degree
}

func (s signal) known() bool { return s.shape != Shape{} }

// net walks through n, whose Input line stands at pos and is known or not.
func (w *walk) net(n *Net, pos Pos, known bool) {
	in := signal{degree: 1}
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

// fault notes what is wrong with an operation, by its place in the source or
// else in the tree.
func (w *walk) fault(op Op, path, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	pos := op.Position()
	if pos == (Pos{}) {
		msg = "operation " + path + ": " + msg
	}
	w.faults = append(w.faults, Fault{pos, msg})
}

// counted counts an operation or branch; it is false, and the walk goes no
// further, once there are too many.
func (w *walk) counted(op Op, path string) bool {
	w.count++
	if w.count == maxOps+1 {
		w.fault(op, path, "the net has more than %d operations and branches", maxOps)
	}
	return w.count <= maxOps
}

func (w *walk) ops(ops []Op, prefix string, depth int, in signal) signal {
	for i, op := range ops {
		path := prefix + strconv.Itoa(i)
		if !w.counted(op, path) {
			return signal{}
		}
		in = w.op(op, path, depth, in)
	}
	return in
}

// op adds the layer of one operation, and those of its branches, and returns
// its output.
func (w *walk) op(op Op, path string, depth int, in signal) signal {
	at := len(w.layers)
	w.layers = append(w.layers, Layer{Path: path, Op: op, Depth: depth, In: in.shape})
	var out signal
	if group, ok := branches(op); ok {
		out = w.group(op, group, path, depth, in)
	} else {
		out = w.leaf(op, path, in)
	}
	if _, ok := product(maxSize, out.shape.H, out.shape.W, out.shape.C); !ok {
		w.fault(op, path, "%s", tooLarge(out.shape))
		out.shape = Shape{}
	}
	layer := &w.layers[at]
	layer.Out, layer.Degree = out.shape, out.degree
	if in.known() && out.known() {
		w.measure(layer)
	}
	return out
}

// leaf checks an operation without branches and returns its output.
func (w *walk) leaf(op Op, path string, in signal) signal {
	valid := true
	for _, f := range fields(op) {
		if !f.admits(*f.value) {
			w.fault(op, path, "%s", f.wrong(name(op), strconv.Itoa(*f.value)))
			valid = false
		}
	}
	if !valid {
		return signal{}
	}
	shape, err := outShape(op, in.shape)
	if err != nil {
		w.fault(op, path, "%v", err)
	}
	if cg, ok := op.(*CG); ok && in.known() && cg.C != in.shape.C {
		w.fault(op, path, "c of CG is %d, want %d, the channels of its input %v", cg.C, in.shape.C, in.shape)
	}
	return signal{shape, degreeAfter(op, in.degree)}
}

// group checks a Sum or Cat and returns its output.
func (w *walk) group(op Op, branches [][]Op, path string, depth int, in signal) signal {
	if depth == maxDepth {
		w.fault(op, path, tooDeep)
		return signal{}
	}
	if len(branches) < 2 {
		w.fault(op, path, "%s wants at least two branches, as in %s{ a | b }, got %d", name(op), name(op), len(branches))
	}
	var outs []signal
	unknown := len(branches) == 0
	for i, branch := range branches {
		prefix := path + "." + strconv.Itoa(i)
		if !w.counted(op, prefix) {
			return signal{}
		}
		out := w.ops(branch, prefix+".", depth+1, in)
		outs = append(outs, out)
		unknown = unknown || !out.known()
	}
	if unknown {
		return signal{}
	}
	out, err := join(op, outs)
	if err != nil {
		w.fault(op, path, "%v", err)
	}
	return out
}

// measure sets a layer's parameters and multiply-adds and adds the parameters
// to the network's.
func (w *walk) measure(l *Layer) {
	for _, p := range layerParams(l) {
		if first, ok := w.ties[p.Name]; ok {
			if !slices.Equal(first, p.Shape) {
				w.fault(l.Op, l.Path, "CG with tie=%d has %d coefficients for %d channels, the first with that tie %d for %d",
					l.tie(), p.Shape[0], p.Shape[1], first[0], first[1])
			}
			continue
		}
		size, ok := product(maxParams-w.elements, p.Shape...)
		if !ok {
			w.fault(l.Op, l.Path, "the net has more than %d parameters", maxParams)
			w.elements = 0
			return
		}
		w.elements += size
		if !p.Role.Statistic() {
			l.Params += size
		}
		w.params = append(w.params, p)
		if l.tie() > 0 {
			if w.ties == nil {
				w.ties = make(map[string][]int)
			}
			w.ties[p.Name] = p.Shape
		}
	}
	l.MACs = layerMACs(l)
}

// product multiplies numbers that are not negative; ok is false if the result
// would be above limit.
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
