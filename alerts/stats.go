package alerts

import (
	"math"
	"slices"

	"golang.org/x/exp/stats"
)

// binomialTail is P(X >= k) of n attempts that fail with probability p, summed from its exact terms.
func binomialTail(k, n int64, p float64) float64 {
	switch {
	case k <= 0:
		return 1
	case k > n || p <= 0:
		return 0
	case p >= 1:
		return 1
	}
	sum := 0.0
	for i := k; i <= n; i++ {
		term := math.Exp(logChoose(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
		sum += term
		if term < sum*1e-12 && float64(i) > float64(n)*p {
			break // the rest adds nothing
		}
	}
	return min(sum, 1)
}

func logChoose(n, k int64) float64 {
	return logFactorial(n) - logFactorial(k) - logFactorial(n-k)
}

func logFactorial(n int64) float64 {
	v, _ := math.Lgamma(float64(n) + 1)
	return v
}

// negativeBinomialTail is P(X >= k) of counts with that mean and variance, fitted by moments. The variance is at least
// 1.05 times the mean: counts of people scatter more than Poisson's.
func negativeBinomialTail(k int64, mean, variance float64) float64 {
	if k <= 0 {
		return 1
	}
	if mean <= 0 {
		return 0
	}
	variance = max(variance, 1.05*mean)
	p := mean / variance // of a success
	r := mean * p / (1 - p)
	below := 0.0
	// Summed from the far side where the tail is small: from k up.
	term := func(i int64) float64 {
		a, _ := math.Lgamma(float64(i) + r)
		b, _ := math.Lgamma(r)
		return math.Exp(a - b - logFactorial(i) + r*math.Log(p) + float64(i)*math.Log1p(-p))
	}
	if float64(k) > mean {
		t := term(k)
		for i := k; t > below*1e-12; i++ {
			below += t
			t *= (float64(i) + r) / float64(i+1) * (1 - p)
		}
		return min(below, 1)
	}
	for i := range k {
		below += term(i)
	}
	return max(0, 1-below)
}

func mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return stats.Mean(values)
}

// deviation is the standard deviation of a sample; 0 for less than two values.
func deviation(values []float64) float64 {
	if len(values) < 2 {
		return 0
	}
	_, d := stats.MeanAndStdDev(values)
	return d
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return stats.Median(values)
}

// scatter is the median absolute deviation from the median, scaled so that it estimates a standard deviation.
func scatter(values []float64) float64 {
	m := median(values)
	off := make([]float64, len(values))
	for i, v := range values {
		off[i] = math.Abs(v - m)
	}
	return 1.4826 * median(off)
}

// winsorized returns values with those above the quantile cut down to it, so that one old burst does not hide the next.
func winsorized(values []float64, quantile float64) []float64 {
	if len(values) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(values))
	top := sorted[min(len(sorted)-1, int(math.Ceil(quantile*float64(len(sorted))))-1)]
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = min(v, top)
	}
	return out
}

func largest(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return slices.Max(values)
}
