// Command asm writes the assembly forms of package kernel. It is run by
// go generate in the folder above, once for each family of kernels.
package main

import (
	"flag"

	. "github.com/mmcloughlin/avo/build"
)

var families = map[string][]func(isa){
	"product":     {product},
	"productgrad": {productGrad, productGradTaps},
	"cg":          {cg},
	"cggrad":      {cgGrad},
	"cgseries":    {cgLinear, cgSeriesLinear, cgSeriesPair, cgLinearGrad, cgSeriesLinearGrad, cgSeriesPairGrad},
	"channel":     {sumRows, sumSquares, sumProducts, affine, affine2, add},
	"row":         {dotRows, scaleRows, mixRows},
	"winograd":    {winograd},
	"adamw":       {adamW},
	"window":      {maxIndex},
	"peak":        {peak},
}

func main() {
	family := flag.String("family", "", "the family of kernels to write")
	flag.Parse()
	kernels, ok := families[*family]
	if !ok {
		panic("asm: no family " + *family)
	}
	ConstraintExpr("amd64,!purego")
	for _, kernel := range kernels {
		for _, set := range []isa{avx2, avx512} {
			kernel(set)
		}
	}
	Generate()
}
