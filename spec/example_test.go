package spec_test

import (
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/spec"
)

func ExampleParse() {
	n, err := spec.Parse(`
		Input(8,8,1)
		Conv(3,3,32,1,1,1) Norm CG(2,2,32,2,2)   # 8 -> 4
		Sum{ Conv(3,3,32,1,1,1) Norm | }         # residual
		CG(2,2,32,2,2)                           # 4 -> 2
		Linear(10)`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range n.Layers() {
		fmt.Printf("%-5s %-18v %-9v %5d %6d %2d\n", l.Path, l, l.Out, l.NumParams, l.MACs, l.Degree)
	}
	fmt.Println(n.NumParams(), "parameters,", n.MACs(), "multiply-adds, degree", n.Degree())
	// Output:
	// 0     Conv(3,3,32,1,1,1) [8,8,32]    320  18432  1
	// 1     Norm               [8,8,32]     64      0  1
	// 2     CG(2,2,32,2,2)     [4,4,32]    480   7168  2
	// 3     Sum                [4,4,32]      0      0  2
	// 3.0.0 Conv(3,3,32,1,1,1) [4,4,32]   9248 147456  2
	// 3.0.1 Norm               [4,4,32]     64      0  2
	// 4     CG(2,2,32,2,2)     [2,2,32]    480   1792  4
	// 5     Linear(10)         [1,1,10]   1290   1280  4
	// 11946 parameters, 176128 multiply-adds, degree 4
}

func ExampleParse_faults() {
	_, err := spec.Parse("Input(8,8,1)\nCnov(3,3,32,1,1,1)\nConv(3,3,32,1) Norm\nLinear(0)")
	var faults spec.Faults
	if errors.As(err, &faults) {
		for _, fault := range faults {
			fmt.Println(fault)
		}
	}
	// Output:
	// line 2, column 1: no operation is called "Cnov", did you mean Conv?
	// line 3, column 1: Conv takes (l1,l2,c,s1,s2[,p]), got 4 values
	// line 4, column 8: n of Linear is 0, want a whole number from 1 to 65536
}

func ExampleNet_Steps() {
	n, err := spec.Parse("Input(4,4,1) Sum{ Conv(3,3,1,1,1,1) Norm | } CG(2,2,1,2,2) Linear(3)")
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, s := range n.Steps() {
		fmt.Printf("%d: %v of %v\n", i, s, s.Inputs)
		for _, p := range s.Params {
			fmt.Printf("   %-21s at %d\n", p.Name, p.Offset)
		}
	}
	// Output:
	// 0: Conv(3,3,1,1,1,1) of [-1]
	//    0.0.0.conv.weight     at 0
	//    0.0.0.conv.bias       at 9
	// 1: Norm of [0]
	//    0.0.1.norm.scale      at 10
	//    0.0.1.norm.shift      at 11
	//    0.0.1.norm.mean       at 42
	//    0.0.1.norm.variance   at 43
	// 2: Sum of [1 -1]
	// 3: CG(2,2,1,2,2) of [2]
	//    1.cg.coefficients     at 12
	// 4: Linear(3) of [3]
	//    2.linear.weight       at 27
	//    2.linear.bias         at 39
}

func ExampleNet_String() {
	n := &spec.Net{
		Input: spec.Shape{H: 28, W: 28, C: 1},
		Ops: []spec.Op{
			&spec.Conv{L1: 3, L2: 3, C: 8, S1: 1, S2: 1, P: 1},
			&spec.Norm{},
			&spec.CG{L1: 2, L2: 2, C: 8, S1: 2, S2: 2, D: 1, Order: 2},
			&spec.Linear{N: 10},
		},
	}
	if err := n.Validate(); err != nil {
		fmt.Println(err)
	}
	fmt.Print(n)
	// Output:
	// Input(28,28,1)
	// Conv(3,3,8,1,1,1) Norm CG(2,2,8,2,2)
	// Linear(10)
}
