package kernel

import "github.com/coarsegrain/taylornet/tensor"

// float32s returns s if its elements are float32, else nil.
func float32s[T tensor.Float](s []T) []float32 {
	f, _ := any(s).([]float32)
	return f
}
