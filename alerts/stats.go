package alerts

import (
	"math"
	"slices"

	"golang.org/x/exp/stats"
)

// binomialTail is P(X >= k) of n attempts that fail with probability p.
func binomialTail(k, n int64, p float64) float64 {
	switch {
	case k <= 0:
		return 1
	case k > n || p <= 0:
		return 0
	case p >= 1:
		return 1
	}
	return betaPart(p, 1-p, float64(k), float64(n-k)+1)
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
	return betaPart(1-p, p, float64(k), r)
}

// betaPart is the regularized incomplete beta function I_x(a, b), where y is 1 - x. The tails of both distributions are
// values of it, and unlike their sums it takes as long for millions as for tens.
func betaPart(x, y, a, b float64) float64 {
	front := math.Exp(logGamma(a+b) - logGamma(a) - logGamma(b) + a*math.Log(x) + b*math.Log(y))
	if x < (a+1)/(a+b+2) {
		return min(1, front*betaFraction(x, a, b)/a)
	}
	return max(0, 1-front*betaFraction(y, b, a)/b)
}

// betaFraction is its continued fraction, by Lentz's method; it converges in about the square root of max(a, b) steps.
func betaFraction(x, a, b float64) float64 {
	const tiny, enough = 1e-300, 1e-12
	away := func(v float64) float64 { // from zero
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/away(1-(a+b)*x/(a+1))
	h := d
	for m := 1.0; m < 1e6; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d, c = 1/away(1+even*d), away(1+even/c)
		h *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d, c = 1/away(1+odd*d), away(1+odd/c)
		h *= d * c
		if math.Abs(d*c-1) < enough {
			break
		}
	}
	return h
}

func logGamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
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

// nearLargest is the second largest of values: what was exceeded once before. One old burst does not move it.
func nearLargest(values []float64) float64 {
	first, second := math.Inf(-1), math.Inf(-1)
	for _, v := range values {
		if v > first {
			first, second = v, first
		} else {
			second = max(second, v)
		}
	}
	if len(values) < 2 {
		return largest(values)
	}
	return second
}
