package report

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// ticker labels an axis at round values: at multiples of 1, 2 or 5 times a power of ten.
// If a logarithmic axis is long enough, it is labelled at 1, 2 or 5 times a power of ten.
type ticker struct {
	span
	whole bool
}

const maxTicks = 7

// Ticks implements plot.Ticker for an axis from 0 to 1, which stand for the ends.
func (t ticker) Ticks(float64, float64) []plot.Tick {
	ticks := t.marks()
	for i := range ticks {
		ticks[i].Value = t.at(ticks[i].Value)
	}
	return ticks
}

// marks returns the ticks, at most maxTicks+1, at their own values.
func (t ticker) marks() []plot.Tick {
	if t.log {
		for _, digits := range [][]float64{{1, 2, 5}, {1, 3}, {1}} {
			if ticks := t.decades(1, digits); len(ticks) >= 3 && len(ticks) <= maxTicks {
				return ticks
			}
		}
		if long := math.Log10(t.hi) - math.Log10(t.lo); long > 2 {
			return t.decades(math.Ceil(long/maxTicks), []float64{1})
		}
	}
	return t.linear()
}

func (t ticker) linear() []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((t.hi-t.lo)/maxTicks)))
	for _, factor := range []float64{2, 2.5, 2} {
		if (t.hi-t.lo)/step < maxTicks {
			break
		}
		step *= factor
	}
	if t.whole {
		step = max(1, math.Round(step))
	}
	var ticks []plot.Tick
	first := math.Ceil(t.lo/step - 1e-9)
	for i := range maxTicks + 1 {
		// Adding zero makes the negative one positive.
		v := (first+float64(i))*step + 0
		if t.nearly(v) {
			ticks = append(ticks, plot.Tick{Value: v, Label: t.label(v, step)})
		}
	}
	return ticks
}

// nearly reports whether a value is within the ends, but for rounding.
func (t ticker) nearly(v float64) bool {
	at := t.at(v)
	return at >= -1e-9 && at <= 1+1e-9
}

// label writes a multiple of the step. If that would take many zeros, it has an exponent.
func (t ticker) label(v, step float64) string {
	place := math.Floor(math.Log10(step) + 1e-9) // of the last digit
	switch {
	case v == 0:
		return "0"
	case place >= -6 && max(math.Abs(t.lo), math.Abs(t.hi)) < 1e7:
		return strconv.FormatFloat(v, 'f', max(0, int(-place)), 64)
	}
	first := math.Floor(math.Log10(math.Abs(v)) + 1e-9)
	return strconv.FormatFloat(v, 'e', max(0, int(first-place)), 64)
}

// decades returns ticks at the products of the digits and every n-th power of ten.
func (t ticker) decades(n float64, digits []float64) []plot.Tick {
	var ticks []plot.Tick
	for e := n * math.Floor(math.Log10(t.lo)/n); e <= math.Log10(t.hi); e += n {
		for _, digit := range digits {
			v := digit * math.Pow(10, e)
			if t.nearly(v) {
				ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 3, 64)})
			}
		}
	}
	return ticks
}
