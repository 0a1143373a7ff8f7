// Package spec defines the notation of networks, which files and the command line use,
// and the tree of operations that it is parsed to.
//
//	net, err := spec.Parse("Input(8,8,1) Conv(3,3,8,1,1,1) Norm CG(2,2,8,2,2) Linear(10)")
//	if err != nil {
//		return err // Faults: all that is wrong, each with its line and column
//	}
//	fmt.Println(net.Out(), net.NumParams(), net.MACs(), net.Degree())
//
// The notation is that of the figure captions of Yang, Xie and Yang, "Exploring
// explicit coarse-grained structure in artificial neural networks"
// (arXiv 2211.01779), with an Input line in front:
//
//	Input(28,28,1)
//	Conv(3,3,64,1,1,1) Norm CG(2,2,64,2,2)     # 28 -> 14
//	Conv(3,3,64,1,1,1) Norm CG(2,2,64,1,1,7)   # 14 -> 7, dilation 7
//	Linear(10)
//
// A line holds one or several operations; # starts a comment. Groups hold branches
// between braces, separated by bars. An empty branch is the identity:
//
//	Sum{ Conv(3,3,64,1,1,1) Norm | }       # residual sum
//	Cat{ CG(2,2,64,2,2) | AvgPool(2,2,2,2) } # channels side by side
//
// Options come last and have names: CG(2,2,64,2,2,order=3). A network ends in
// [1,1,K], with Linear or otherwise. Parse gives the grammar, and each operation's type
// its mathematics.
//
// A network that Parse returned, or that Validate accepts, has known shapes, costs and
// parameters: see Net.Layers and Net.Params. Net.Steps lists its operations in the order
// of computation, for programs that compile networks. Preset returns the networks that
// come with the package. Package train finds the parameters of a network, and package
// engine evaluates it.
package spec
