// Command asm writes the assembly forms of package kernel. It is run by
// go generate in the folder above, once for each family of kernels.
package main

import (
	"flag"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	family := flag.String("family", "", "product, productgrad or peak")
	flag.Parse()
	ConstraintExpr("amd64,!purego")
	for _, set := range []isa{avx2, avx512} {
		switch *family {
		case "product":
			product(set)
		case "productgrad":
			productGrad(set)
		case "peak":
			peak(set)
		default:
			panic("asm: no family " + *family)
		}
	}
	Generate()
}
