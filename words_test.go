package activitylog_test

import (
	"net/netip"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/activitylog/activitylog"
)

// words is the text as it is searched.
func words(s string) string { return activitylog.SearchText(&activitylog.Event{Message: s}) }

// finds tells whether free text finds a message.
func finds(query, message string) bool {
	return activitylog.Text(query).Match(&activitylog.Event{Message: message})
}

func TestWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Hello, World!":                "hello world",
		"a_b-c.d/e@f":                  "a b c d e f",
		"  \t\n ":                      "",
		"":                             "",
		"...":                          "",
		"ABC123def":                    "abc123def",
		"Crème BRÛLÉE":                 "creme brulee",
		"e\u0301te\u0301":              "ete",
		"Straße STRASSE":               "strasse strasse",
		"İstanbul":                     "istanbul",
		"ıspanak":                      "ıspanak",
		"ΣΊΣΥΦΟΣ σίσυφος":              "σισυφοσ σισυφοσ",
		"ﬁle":                          "file",
		"Ⅳ ² ½":                        "iv 2 1 2",
		"日本語テスト":                       "日 本 語 テ ス ト",
		"go日本go":                       "go 日 本 go",
		"ガギ":                           "カ キ",
		"한국어":                          "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165",
		"Ångström Åre":                 "angstrom are",
		"naïve\u00a0café":              "naive cafe",
		"a\xffb":                       "a b",
		"x\x00y":                       "x y",
		"ｆｕｌｌ ＷＩＤＴＨ":                   "full width",
		"emoji👍here":                   "emoji here",
		"नमस्ते":                       "नमसत",
		"K (Kelvin) Å (Angstrom)":      "k kelvin a angstrom",
		strings.Repeat("a", 70):        strings.Repeat("a", 64),
		strings.Repeat("ß", 70):        strings.Repeat("s", 64),
		strings.Repeat("я", 70):        strings.Repeat("я", 32),
		strings.Repeat("a", 63) + "яz": strings.Repeat("a", 63),
	} {
		if got := words(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func TestWordsOfEveryCharacter(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r > 0x500 && !unicode.In(r, unicode.L, unicode.N, unicode.M) || unicode.In(r, unicode.Han, unicode.Hangul) && r%97 > 0 {
			continue // for time's sake
		}
		s := string(r)
		w := words(s)
		if again := words(w); again != w {
			t.Errorf("%U gives %q, and that %q", r, w, again)
		}
		if !utf8.ValidString(w) || strings.TrimSpace(w) != w || strings.Contains(w, "  ") {
			t.Errorf("%U gives %q", r, w)
		}
		// Case is no difference. Where upper and lower case are no pair, Go's tables decide.
		if l := unicode.ToLower(r); w != "" && unicode.ToUpper(l) == r && words(string(l)) != w {
			t.Errorf("%U gives %q, its lower case %q", r, w, words(string(l)))
		}
		if w != "" && !finds(s, "x "+s+"x y") {
			t.Errorf("%U is not found", r)
		}
	}
}

func TestFreeText(t *testing.T) {
	t.Parallel()
	const message = "Zoë Müller deleted the project “Ångström & Co” over there"
	tests := []struct {
		query string
		want  bool
	}{
		{"", true}, {"...", true}, {`""`, true},
		{"zoe", true}, {"ZOË", true}, {"mull", true}, {"müll", true}, {"ull", false},
		{"project zoe", true}, {"project leo", false}, {"there over", true},
		{`"the project"`, true}, {`"project the"`, false}, {`"the proj"`, false}, {`"deleted project"`, false},
		{`"angstrom co"`, true}, {`"Ångström & Co"`, true}, {"angstrom-co", true}, {"angstrom-c", true}, {"co-angstrom", false},
		{`zoe "over there`, true}, {`"over the`, false}, {`over" there`, true},
		{"the", true}, {`"the"`, true}, {`"ther"`, false}, {`"there"`, true},
		{`zo"e`, false}, {`zoe"müller"`, true},
	}
	for _, tt := range tests {
		if got := finds(tt.query, message); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.query, got, tt.want)
		}
	}
	if !finds(strings.Repeat("a", 70), strings.Repeat("a", 70)) || !finds(`"`+strings.Repeat("я", 40)+`"`, strings.Repeat("я", 40)) {
		t.Error("a long word does not find itself")
	}
	if !finds("ab", "ababab aab") || !finds("aab", "ababab aab") || !finds(`"a b"`, "a a b") {
		t.Error("a match that begins inside a failed one is overlooked")
	}
}

func TestSearchTextFields(t *testing.T) {
	t.Parallel()
	e := activitylog.Event{
		Org: "no1", Project: "no2", Category: "no3",
		Message: "Message one", Action: "auth.login", Reason: "reason!", ErrorCode: "E_42",
		Actor:      activitylog.Actor{ID: "no4", Name: "Ana", Email: "ana@example.org"},
		OnBehalfOf: []activitylog.Delegation{{Actor: activitylog.Actor{ID: "no5", Name: "Bob"}}},
		Targets:    []activitylog.Target{{ID: "no6", Name: "Target"}, {Name: "..."}, {Name: "Second"}},
		AI:         &activitylog.AIUsage{Model: "gpt-4", Provider: "no7"},
		Client:     activitylog.Client{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "no8"},
		Labels:     map[string]string{"no9": "no10"},
		Metadata:   map[string]any{"b": "beta", "a": []any{"alpha", number("1.5"), true, nil, map[string]any{"no11": "deep"}}},
		Changes:    []activitylog.Change{{Path: "no12", Old: "old", New: map[string]any{"x": "new"}}},
	}
	want := "message one|auth login|ana|ana example org|bob|target|second|reason|e 42|gpt 4|192 0 2 7|alpha|1 5|deep|beta|old|new"
	if got := strings.ReplaceAll(activitylog.SearchText(&e), "\n", "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// A phrase does not reach from one field into the next.
	for query, want := range map[string]bool{
		`"one auth"`: false, `"login ana"`: false, `"target second"`: false, `"alpha 1"`: false, `"old new"`: false,
		`"auth login"`: true, `"192.0.2.7"`: true, "192.0.2": true, "92.0": false, "no": false,
	} {
		if got := activitylog.Text(query).Match(&e); got != want {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if got := words("[" + upper + "`" + strings.ToLower(upper) + "{"); got != strings.ToLower(upper)+" "+strings.ToLower(upper) {
		t.Errorf("%s gives %q", upper, got)
	}
	for _, e := range []activitylog.Event{{Message: "--", Action: "a"}, {Message: "a", Action: "--"}, {Message: "a", Action: "é", Reason: "…"}} {
		if got := activitylog.SearchText(&e); got != "a" && got != "a\ne" {
			t.Errorf("a field without words gives %q", got)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range append(hostile, "Straße İstanbul ΣΊΣΥΦΟΣ 日本語 한국어 ﬁ", `a "b c" d"`, strings.Repeat("xß", 60)) {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, cut int) {
		w := words(s)
		if again := words(w); again != w {
			t.Fatalf("%q gives %q, and that %q", s, w, again)
		}
		for _, word := range strings.Fields(w) {
			if len(word) > 64 {
				t.Fatalf("word of %d bytes: %q", len(word), word)
			}
			// Each beginning of each word finds it.
			n := 0
			for n < min(len(word), max(cut, 1)) {
				_, size := utf8.DecodeRuneInString(word[n:])
				n += size
			}
			if !finds(word[:n], s) {
				t.Fatalf("%q is not found by %q, the beginning of %q", s, word[:n], word)
			}
		}
		if !finds(`"`+w+`"`, s) {
			t.Fatalf("%q is not found by its words %q as a phrase", s, w)
		}
		if !finds(strings.ToUpper(w), w) && strings.ToLower(strings.ToUpper(w)) == w {
			t.Fatalf("%q is not found in upper case", w)
		}
	})
}
