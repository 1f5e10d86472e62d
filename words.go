package activitylog

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxWord is the longest word in bytes; what follows is left out of it, in the event and in the search alike.
const maxWord = 64

// SearchText returns the words that free text searches in e: lower-case, without accents, one space between words and
// a newline between fields. A store with a text index indexes these words; a phrase does not reach over a newline.
//
// The fields are message, action, names and e-mails of actors and targets, reason, error code, model, IP, and the
// values of metadata and changes.
func SearchText(e *Event) string {
	w := wordWriter{b: make([]byte, 0, 256)}
	w.field(e.Message)
	w.field(e.Action)
	w.field(e.Actor.Name)
	w.field(e.Actor.Email)
	for i := range e.OnBehalfOf {
		w.field(e.OnBehalfOf[i].Name)
		w.field(e.OnBehalfOf[i].Email)
	}
	for i := range e.Targets {
		w.field(e.Targets[i].Name)
	}
	w.field(e.Reason)
	w.field(e.ErrorCode)
	if e.AI != nil {
		w.field(e.AI.Model)
	}
	if e.Client.IP.IsValid() {
		w.field(e.Client.IP.String())
	}
	w.value(e.Metadata)
	for i := range e.Changes {
		w.value(e.Changes[i].Old)
		w.value(e.Changes[i].New)
	}
	return string(w.b)
}

// wordWriter splits texts into words. Everything that compares words goes through it.
type wordWriter struct{ b []byte }

func (w *wordWriter) value(v any) {
	switch v := v.(type) {
	case string:
		w.field(v)
	case []any:
		for _, x := range v {
			w.value(x)
		}
	case map[string]any:
		var room [16]string
		for _, k := range sortedKeys(v, room[:0]) {
			w.value(v[k])
		}
	case nil, bool:
	default:
		w.field(textOf(v))
	}
}

func (w *wordWriter) field(s string) {
	if s == "" {
		return
	}
	before := len(w.b)
	if before > 0 && w.b[before-1] != '\n' {
		w.b = append(w.b, '\n')
		before++
	}
	w.b = appendWords(w.b, s)
	if len(w.b) == before && before > 0 {
		w.b = w.b[:before-1]
	}
}

// appendWords appends the words of s with one space between them.
func appendWords(b []byte, s string) []byte {
	start := len(b)
	word := start // where the current word begins in b
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return appendWordsUnicode(b[:start], s)
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		default:
			if len(b) > word {
				b = append(b, ' ')
				word = len(b)
			}
			continue
		}
		if len(b)-word < maxWord {
			b = append(b, c)
		}
	}
	return trimSpace(b, start)
}

func appendWordsUnicode(b []byte, s string) []byte {
	start, word, full := len(b), len(b), false
	end := func() {
		if len(b) > word {
			b = append(b, ' ')
			word, full = len(b), false
		}
	}
	for _, r := range fold(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case ideographic(r): // written without spaces: each character is a word
			end()
			b = utf8.AppendRune(b, r)
			end()
		case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			if full = full || len(b)-word+utf8.RuneLen(r) > maxWord; !full {
				b = utf8.AppendRune(b, r)
			}
		default:
			end()
		}
	}
	return trimSpace(b, start)
}

func trimSpace(b []byte, start int) []byte {
	if len(b) > start && b[len(b)-1] == ' ' {
		return b[:len(b)-1]
	}
	return b
}

// fold takes away case and accents. The second decomposition catches characters whose folding can be decomposed.
// ToLower comes first because Fold swaps the two cases of Cherokee where it should leave one of them.
func fold(s string) string {
	return norm.NFKD.String(cases.Fold().String(strings.ToLower(norm.NFKD.String(s))))
}

func ideographic(r rune) bool {
	return r >= 0x2E80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// phrase is a run of consecutive words; with prefix the last may go on.
type phrase struct {
	words  []string
	prefix bool
}

// phrases reads free text: words are prefixes, "quoted texts" are consecutive whole words.
func phrases(text string) []phrase {
	var list []phrase
	add := func(s string, prefix bool) {
		if w := strings.Fields(string(appendWords(nil, s))); len(w) > 0 {
			list = append(list, phrase{w, prefix})
		}
	}
	for text != "" {
		before, rest, quoted := strings.Cut(text, `"`)
		for _, w := range strings.Fields(before) {
			add(w, true)
		}
		if !quoted {
			break
		}
		inside, after, _ := strings.Cut(rest, `"`)
		add(inside, false)
		text = after
	}
	return list
}

// in tells whether the phrase stands in words, the result of SearchText.
func (p phrase) in(words string) bool {
	needle := strings.Join(p.words, " ")
	for from := 0; ; {
		i := strings.Index(words[from:], needle)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(needle)
		starts := i == 0 || words[i-1] == ' ' || words[i-1] == '\n'
		ends := p.prefix || end == len(words) || words[end] == ' ' || words[end] == '\n'
		if starts && ends {
			return true
		}
		_, n := utf8.DecodeRuneInString(words[i:])
		from = i + n
	}
}
