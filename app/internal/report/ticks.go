package report

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// ticker labels an axis at round values: at multiples of 1, 2 or 5 times a power of ten.
// If a logarithmic axis is long enough, it is labelled at 1, 2 or 5 times a power of ten.
type ticker struct{ log, whole bool }

const maxTicks = 7

// Ticks implements plot.Ticker.
func (t ticker) Ticks(lo, hi float64) []plot.Tick {
	if t.log {
		for _, digits := range [][]float64{{1, 2, 5}, {1, 3}, {1}} {
			if ticks := decades(lo, hi, digits); len(ticks) >= 3 && len(ticks) <= maxTicks {
				return ticks
			}
		}
		if hi/lo > 100 {
			return decades(lo, hi, []float64{1})
		}
	}
	return t.linear(lo, hi)
}

func (t ticker) linear(lo, hi float64) []plot.Tick {
	exponent := math.Floor(math.Log10((hi - lo) / maxTicks))
	step := math.Pow(10, exponent)
	for _, factor := range []float64{2, 2.5, 2} {
		if (hi-lo)/step < maxTicks {
			break
		}
		step *= factor
	}
	if t.whole {
		step = max(1, math.Round(step))
	}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var ticks []plot.Tick
	for i := math.Ceil(lo/step - 1e-9); i*step <= hi+1e-9*step; i++ {
		// Adding zero makes the negative one positive.
		v := i*step + 0
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', decimals, 64)})
	}
	return ticks
}

// decades returns ticks at the products of the digits and powers of ten.
func decades(lo, hi float64, digits []float64) []plot.Tick {
	var ticks []plot.Tick
	for e := math.Floor(math.Log10(lo)); e <= math.Log10(hi); e++ {
		for _, digit := range digits {
			v := digit * math.Pow(10, e)
			if v >= lo*(1-1e-9) && v <= hi*(1+1e-9) {
				ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 3, 64)})
			}
		}
	}
	return ticks
}
