package export

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"
)

// suspect are the bytes that may make a program run a cell as a formula, if it begins with them.
var suspect = func() (t [256]bool) {
	for c := range t {
		t[c] = c <= ' ' || c >= 0x7f || strings.IndexByte(`=+-@'";,|`, byte(c)) >= 0
	}
	return t
}()

// appendText appends a text as one cell, in quotes where they are needed. What a spreadsheet would run as a formula
// gets an apostrophe in front.
func appendText(b []byte, s string) []byte {
	if s == "" {
		return b
	}
	if suspect[s[0]] {
		if formula(s) {
			return appendQuoted(append(b, '"', '\''), s)
		}
		if s[0] == ' ' {
			return appendQuoted(append(b, '"'), s)
		}
	}
	start := len(b)
	b = append(b, s...)
	if needsQuotes(b[start:]) {
		return appendQuoted(append(b[:start], '"'), s)
	}
	return b
}

// needsQuotes looks for a quote, a comma, CR and LF in eight bytes at a time.
func needsQuotes(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		if (zeroByte(x^ones*'"') | zeroByte(x^ones*',') | zeroByte(x^ones*'\r') | zeroByte(x^ones*'\n')) != 0 {
			return true
		}
	}
	for _, c := range b {
		if c == '"' || c == ',' || c == '\r' || c == '\n' {
			return true
		}
	}
	return false
}

const ones = 0x0101010101010101

// zeroByte is not 0 exactly if one of the bytes of x is 0.
func zeroByte(x uint64) uint64 { return (x - ones) & ^x & (ones << 7) }

// appendQuoted appends s behind an opening quote, and the closing one.
func appendQuoted(b []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return append(append(b, s...), '"')
		}
		b = append(append(b, s[:i+1]...), '"')
		s = s[i+1:]
	}
}

// formula tells whether a spreadsheet may run s. It looks behind what programs trim, and behind what ends a cell where
// the file is read with another separator: white space, quotes and separators. Since an apostrophe is among them,
// formula(`'`+s) == formula(s), and an added apostrophe can be told from one that was there.
func formula(s string) bool {
	for i, r := range s {
		switch r {
		case '=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n', 0:
			return true
		case '\'', '"', ',', ';', '|', '\uFEFF', '\u200B', '\u2060':
			continue
		case utf8.RuneError:
			// A byte that is no UTF-8: programs read it in many ways, none of them visible.
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				continue
			}
		}
		if !unicode.IsSpace(r) && !unicode.IsControl(r) {
			return false
		}
	}
	return false
}
