package main

import (
	"testing"
	"unicode"
)

func TestSafe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"Ana Łuč 日本 🙂", "Ana Łuč 日本 🙂"},
		{`C:\dir`, `C:\dir`},
		{"\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"a\nb\r\tc\x00\x7f", `a\nb\r\tc\x00\x7f`},
		{"\u009b2J", `\u009b2J`},
		{"\u202eevil\u2066x\u2069", `\u202eevil\u2066x\u2069`},
		{"zero\u200bwidth\u00adhyphen\ufeff", `zero\u200bwidth\u00adhyphen\ufeff`},
		{"line\u2028para\u2029nbsp\u00a0", `line\u2028para\u2029nbsp\u00a0`},
		{"tag\U000e0041", `tag\U000e0041`},
		{"bad\xff\xc3(", `bad\xff\xc3(`},
		{"\ufffd", "\ufffd"},
	} {
		if got := safe(tt.in); got != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := safeLines("a\nb\x1b"); got != "a\nb\\x1b" {
		t.Errorf("got %q", got)
	}
}

func FuzzSafe(f *testing.F) {
	f.Add("a\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range safe(s) {
			if !unicode.IsPrint(r) {
				t.Errorf("%q still has %U", s, r)
			}
		}
	})
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", -100: "-100", 123456: "123,456"} {
		if got := grouped(n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
