package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// report runs pairs and prints their rows.
type report struct{ rounds, events int }

// timed is one side of a pair: it prepares, then returns how long the measured part took and for how many units.
type timed func() (time.Duration, int, error)

// pair runs ours and peer in turn and prints how many times faster ours is per unit. target 0 means that there is none.
func (r *report) pair(what string, target float64, ours, peer timed) error {
	return r.compare(what, target, false, ours, peer)
}

// slowdown runs two sides of ours and prints how many times slower the first is; the target is an upper bound.
func (r *report) slowdown(what string, target float64, far, near timed) error {
	return r.compare(what, target, true, far, near)
}

func (r *report) compare(what string, target float64, upper bool, ours, peer timed) error {
	var a, b, ratios []float64
	for range r.rounds {
		x, err := perUnit(ours)
		if err != nil {
			return err
		}
		y, err := perUnit(peer)
		if err != nil {
			return err
		}
		ratio := y / x
		if upper {
			ratio = x / y
		}
		a, b, ratios = append(a, x), append(b, y), append(ratios, ratio)
	}
	ratio := median(ratios)
	goal, met := "", ""
	if target > 0 {
		goal, met = fmt.Sprintf("≥ %gx", target), mark(ratio >= target)
		if upper {
			goal, met = fmt.Sprintf("≤ %gx", target), mark(ratio <= target)
		}
	}
	fmt.Printf("| %s | %s | %s | **%.2fx** (%.2f–%.2f) | %s | %s |\n", what, micros(median(a)), micros(median(b)), ratio,
		slices.Min(ratios), slices.Max(ratios), goal, met)
	return nil
}

func mark(ok bool) string {
	if ok {
		return "yes"
	}
	return "no"
}

// perUnit is in microseconds.
func perUnit(f timed) (float64, error) {
	runtime.GC()
	d, n, err := f()
	if err != nil {
		return 0, err
	}
	return float64(d.Nanoseconds()) / 1e3 / float64(n), nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if len(v)%2 == 0 {
		return (v[len(v)/2-1] + v[len(v)/2]) / 2
	}
	return v[len(v)/2]
}

func micros(us float64) string {
	switch {
	case us >= 10_000:
		return fmt.Sprintf("%.1f ms", us/1e3)
	case us >= 100:
		return fmt.Sprintf("%.0f us", us)
	}
	return fmt.Sprintf("%.2f us", us)
}

// cacheDir is where the large logs are kept.
func cacheDir(name string) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(base, "activitylog", "bench")
	return filepath.Join(dir, name), os.MkdirAll(dir, 0o700)
}
