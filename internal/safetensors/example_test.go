package safetensors_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/coarsegrain/taylornet/internal/safetensors"
)

func Example() {
	var b bytes.Buffer
	err := safetensors.Write(&b, &safetensors.File{
		Metadata: map[string]string{"net": "Input(8,8,1) Linear(10)"},
		Tensors:  []safetensors.Tensor{{Name: "0.linear.bias", Shape: []int{2}, Data: []float32{1, 2.5}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	f, err := safetensors.Decode(b.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	bias, ok := f.Tensor("0.linear.bias")
	fmt.Println(f.Metadata["net"], bias.Shape, bias.Data, ok)
	// Output: Input(8,8,1) Linear(10) [2] [1 2.5] true
}
