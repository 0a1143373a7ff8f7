package distill

import "math"

// unit scales v to length 1. A vector of zeros stays as it is.
func unit(v []float32) {
	scale := length(v)
	if scale > 0 {
		scale = 1 / scale
	}
	for i, x := range v {
		v[i] = float32(float64(x) * scale)
	}
}

func length(v []float32) float64 { return math.Sqrt(dot(v, v)) }

func dot(a, b []float32) float64 {
	var sum float64
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}

// squareDistance returns the square of the distance between two points.
func squareDistance(a, b []float32) float64 {
	var sum float64
	for i, x := range a {
		d := float64(x) - float64(b[i])
		sum += d * d
	}
	return sum
}
