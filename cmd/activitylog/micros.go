package main

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

var errNumber = errors.New("no decimal number within range")

// parseMicros reads a decimal number as millionths, without the detour over floating point that would lose digits.
// Digits behind the sixth are rounded half up; then it is not exact.
func parseMicros(s string) (micros int64, exact bool, err error) {
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(s), "e")
	shift := 6
	if scientific {
		n, err := strconv.Atoi(exponent)
		if err != nil || n < -100 || n > 100 {
			return 0, false, errNumber
		}
		shift += n
	}
	digits, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	digits = whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false, errNumber
	}
	keep := len(whole) + shift // how many digits count, with zeros behind them if there are fewer
	exact, up := true, int64(0)
	switch {
	case keep < 0:
		exact, digits = strings.Trim(digits, "0") == "", "0"
	case keep < len(digits):
		exact = strings.Trim(digits[keep:], "0") == ""
		if digits[keep] >= '5' {
			up = 1
		}
		digits = "0" + digits[:keep]
	default:
		digits += strings.Repeat("0", keep-len(digits))
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > math.MaxInt64-up {
		return 0, false, errNumber
	}
	n += up
	if negative {
		n = -n
	}
	return n, exact, nil
}
