package spec

import "reflect"

// Net is a network: an input shape and the operations applied to it in turn.
type Net struct {
	Input Shape
	Ops   []Op
}

// Op is an operation: *Conv, *CG, *Taylor, *Norm, *Gain, *Linear, *Flatten,
// *Pool, *ReLU, *Sum or *Cat. Each has a file of its own, with all that the
// notation, the shapes and the costs need to know about it.
type Op interface {
	// Position returns where the operation was read.
	Position() Pos

	// name returns what the operation is called in the notation.
	name() string
	// fields lists the values of the operation in the order in which they are
	// written.
	fields() []field
	// out returns the shape of the output. The inputs are one, or the outputs of a
	// group's branches. A single input may be unknown, the zero Shape, and so may the
	// result. What is wrong goes to fault.
	out(in []Shape, fault faultFunc) Shape
	// degree returns Layer.Degree of the output from those of the inputs.
	degree(in []int) int
	// params lists the parameters, without offsets. Operations that name a parameter
	// alike share it.
	params(path string, in Shape) []Param
	// macs returns Layer.MACs.
	macs(in, out Shape) int
}

// faultFunc takes what is wrong with an operation, as fmt.Sprintf does.
type faultFunc func(format string, args ...any)

// vocabulary returns one of each operation.
func vocabulary(pos Pos) []Op {
	return []Op{
		&Conv{Pos: pos}, &CG{Pos: pos}, &Taylor{Pos: pos}, &Norm{pos}, &Gain{Pos: pos}, &Linear{Pos: pos}, &Flatten{pos},
		&Pool{Pos: pos}, &Pool{Pos: pos, Max: true}, &ReLU{pos}, &Sum{Pos: pos}, &Cat{Pos: pos},
	}
}

// foreign reports whether op is a type of another package, which has the methods of
// an operation because it embeds one.
func foreign(op Op) bool {
	return reflect.Indirect(reflect.ValueOf(op)).Type().PkgPath() != reflect.TypeFor[Net]().PkgPath()
}

// Pos is a place in a source, with line and column counted from 1. The zero Pos
// means that the operation was made by a program.
type Pos struct{ Line, Col int }

// Position returns p itself; operations embed a Pos.
func (p Pos) Position() Pos { return p }
