package alerts

import (
	"fmt"
	"math"
	mathbits "math/bits"
	"strconv"
	"strings"
	"time"
)

// figure writes a number as people read it: whole above ten, two digits below.
func figure(x float64) string {
	switch {
	case math.Abs(x) >= 9.95 || x == math.Trunc(x):
		return thousands(int64(math.Round(x)))
	case math.Abs(x) >= 1:
		return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
	}
	return strconv.FormatFloat(x, 'g', 2, 64)
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// times is how many times as large x is as usual.
func times(x, usual float64) string {
	if usual <= 0 {
		return "many"
	}
	return figure(x / usual)
}

// money writes millionths of a currency.
func money(micros float64, currency string) string {
	s := strconv.FormatFloat(micros/1e6, 'f', 2, 64)
	if math.Abs(micros) < 1e6 && micros != 0 {
		s = strconv.FormatFloat(micros/1e6, 'g', 2, 64)
	}
	if currency == "" {
		return s
	}
	return s + " " + currency
}

func percent(part float64) string {
	if p := 100 * part; p < 9.95 && p != math.Trunc(p) {
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	}
	return fmt.Sprintf("%.0f %%", 100*part)
}

func dayName(day int32) string {
	return time.Unix(int64(day)*24*60*60, 0).UTC().Format("Monday 2 January 2006")
}

// span says how long something took.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Second:
		return "a second"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// some names at most three of a list and how many more there are.
func some(list []string) string {
	switch n := len(list); {
	case n == 0:
		return "nobody"
	case n <= 3:
		return strings.Join(list, ", ")
	default:
		return fmt.Sprintf("%s and %d more", strings.Join(list[:3], ", "), n-3)
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(int64(n)) + " " + many
}

func bits(hours uint32) int { return mathbits.OnesCount32(hours) }

// places names addresses.
func places(list []string) string {
	if len(list) == 0 {
		return "an address that is not known"
	}
	return some(list)
}
