package stats

import "math"

// Moments is a running mean and variance, after Welford (Technometrics 4, 419, 1962).
// The zero value has seen no values.
type Moments struct {
	N, Mean float64
	Squares float64 // the sum of squared differences from the mean
}

// Add takes in a value.
func (m *Moments) Add(v float64) {
	m.N++
	d := v - m.Mean
	m.Mean += d / m.N
	m.Squares += d * (v - m.Mean)
}

// Variance returns the mean squared difference of the values from their mean, 0 if
// there are none.
func (m *Moments) Variance() float64 { return m.Squares / max(m.N, 1) }

// sample returns the mean of values and the variance of the distribution that they
// are a sample of, NaN for fewer than two.
func sample(values []float64) (mean, variance float64) {
	var m Moments
	for _, v := range values {
		m.Add(v)
	}
	if m.N < 2 {
		return m.Mean, math.NaN()
	}
	return m.Mean, m.Squares / (m.N - 1)
}

// Mean returns the mean of values, 0 if there are none.
func Mean(values []float64) float64 {
	mean, _ := sample(values)
	return mean
}

// Deviation returns the standard deviation of the distribution that values are a
// sample of. It is NaN for fewer than two values.
func Deviation(values []float64) float64 {
	_, variance := sample(values)
	return math.Sqrt(variance)
}

// Interval is a mean with the ends of its 95 % interval, which are NaN if there is no
// interval.
type Interval struct{ Mean, Low, High float64 }

// Student returns the mean of values with Student's 95 % interval. The ends are NaN
// for fewer than two values.
func Student(values []float64) Interval {
	mean, variance := sample(values)
	n := len(values)
	half := math.NaN()
	if n > 1 {
		half = quantile(n-1) * math.Sqrt(variance/float64(n))
	}
	return Interval{mean, mean - half, mean + half}
}

// quantile returns the 97.5 % quantile of Student's distribution.
func quantile(freedom int) float64 {
	table := []float64{
		12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
		2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
	}
	if freedom > len(table) {
		return 1.96 + 2.5/float64(freedom) // within 0.002
	}
	return table[freedom-1]
}

// Wilson returns the observed rate of correct among total trials, 0 to 1, with the
// score interval in which the true rate lies with 95 % confidence (Wilson, J. Am.
// Stat. Assoc. 22, 209, 1927). Without trials the interval is the whole range.
func Wilson(correct, total int) Interval {
	if total <= 0 {
		return Interval{0, 0, 1}
	}
	const z = 1.959963984540054 // the 97.5 % quantile of the normal distribution
	n, p := float64(total), float64(correct)/float64(total)
	centre := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	// Rounding must not leave the observed rate outside.
	return Interval{p, max(0, min(p, centre-half)), min(1, max(p, centre+half))}
}
