package web

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// texts.txt holds all texts of the pages, one on each line. It is made from the code.
//
//go:embed texts.txt
var textsFile string

// Texts are the texts of the pages in English, as Options.Messages translates them: %s, %d and the like stand for what is
// filled in and must stay in their order. What is not among them comes from the log itself: messages of events are
// recorded in the language of the catalogue, explanations of alerts in English.
func Texts() []string { return strings.Split(strings.TrimSpace(textsFile), "\n") }

// scriptText is a text in the script.
var scriptText = regexp.MustCompile(`\bt\('([^']*)'\)`)

// scriptWords are the translated texts of the script as JSON, or nothing.
func (h *Handler) scriptWords() (string, error) {
	words := map[string]string{}
	for _, m := range scriptText.FindAllSubmatch(h.assets["app.js"].body, -1) {
		if text := string(m[1]); h.t(text) != text {
			words[text] = h.t(text)
		}
	}
	if len(words) == 0 {
		return "", nil
	}
	b, err := json.Marshal(words)
	if err != nil {
		return "", fmt.Errorf("web: %w", err)
	}
	return string(b), nil
}

// date writes a time, with the names of months and days in the language of the pages. On a clock of twelve hours, 15:04
// becomes 3:04 PM.
func (h *Handler) date(t time.Time, form string) string {
	if h.opts.Hour12 {
		form = strings.NewReplacer("15:04:05", "3:04:05 PM", "15:04", "3:04 PM").Replace(form)
	}
	var b strings.Builder
	for form != "" {
		at, name := len(form), ""
		for _, n := range []string{"January", "Monday", "Jan", "Mon"} {
			if i := strings.Index(form, n); i >= 0 && i < at {
				at, name = i, n
			}
		}
		b.WriteString(t.Format(form[:at]))
		if name != "" {
			b.WriteString(h.t(t.Format(name)))
		}
		form = form[at+len(name):]
	}
	return b.String()
}
