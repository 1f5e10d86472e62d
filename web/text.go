package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
)

// visible is a text from an event with nothing in it that shows what is not there: controls and marks that turn the
// direction of writing stand as their numbers.
func visible(s string) string {
	clean := func(r rune) bool { return !unicode.IsControl(r) && !turns(r) }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case clean(r):
			b.WriteRune(r)
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		default:
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		}
	}
	return b.String()
}

// turns tells whether a rune changes the direction of what follows, or cannot be seen.
func turns(r rune) bool {
	switch {
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r >= 0x200B && r <= 0x200F, r == 0x061C, r == 0xFEFF, r == 0x2028, r == 0x2029, r >= 0xE0000 && r <= 0xE007F:
		return true
	}
	return false
}

// shorten keeps the first n runes.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

// initials are what stands in the mark of an actor.
func initials(name string) string {
	var b strings.Builder
	n := 0
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
		r, _ := utf8.DecodeRuneInString(word)
		b.WriteRune(unicode.ToUpper(r))
		if n++; n == 2 {
			break
		}
	}
	if n == 0 {
		return "·"
	}
	return b.String()
}

// hue spreads names over the colours of their marks.
func hue(id string) int {
	h := uint32(2166136261)
	for i := range len(id) {
		h = (h ^ uint32(id[i])) * 16777619
	}
	return int(h % 6)
}

// grouped writes n with commas between the thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// money writes millionths of a currency.
func money(micros int64, currency string) string {
	sign := ""
	if micros < 0 {
		sign, micros = "-", -micros
	}
	if micros >= 1_000_000 && micros < math.MaxInt64-5000 {
		micros = (micros + 5_000) / 10_000 * 10_000
	}
	whole, part := micros/1_000_000, micros%1_000_000
	s := fmt.Sprintf("%s.%02d", grouped(whole), part/10_000)
	if whole == 0 && part < 1_000_000 && part > 0 {
		s = "0." + strings.TrimRight(fmt.Sprintf("%06d", part), "0")
		if len(s) < 4 {
			s += "0"
		}
		if len(s) > 6 && part >= 10_000 {
			s = fmt.Sprintf("0.%04d", part/100)
		}
	}
	switch currency {
	case "USD", "":
		return sign + "$" + s
	case "EUR":
		return sign + "€" + s
	case "GBP":
		return sign + "£" + s
	}
	return sign + s + " " + visible(currency)
}

// ago says how long before now t was.
func (h *Handler) ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < -time.Minute:
		return h.t("in the future")
	case d < time.Minute:
		return h.t("just now")
	case d < time.Hour:
		return fmt.Sprintf(h.t("%d min ago"), int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf(h.t("%d h ago"), int(d.Hours()))
	case d < 400*24*time.Hour:
		return fmt.Sprintf(h.t("%d d ago"), int(d.Hours()/24))
	}
	return fmt.Sprintf(h.t("%d years ago"), int(d.Hours()/24/365))
}

// clock writes the time of day.
func (h *Handler) clock(t time.Time) string {
	return h.date(t, "15:04:05")
}

// day writes a date for people.
func (h *Handler) day(t time.Time) string {
	return h.date(t, "Monday 2 January 2006")
}

var categoryTitles = map[string]string{
	"auth": "Sign-in", "ai": "AI usage", "member": "Members", "access": "Access", "org": "Organization", "project": "Projects",
	"channel": "Channels", "skill": "Skills", "agent": "Agents", "integration": "Integrations", "campaign": "Campaigns",
	"data": "Data", "audit": "Audit", "automation": "Automations", "file": "Files", "billing": "Billing",
}

func (h *Handler) categoryName(c string) string {
	if title, ok := categoryTitles[c]; ok {
		return h.t(title)
	}
	if c == "" {
		return h.t("none")
	}
	return h.t(strings.ToUpper(c[:1]) + c[1:])
}

var outcomeTitles = map[activitylog.Outcome]string{
	activitylog.Success: "Success", activitylog.Failure: "Failed", activitylog.Denied: "Denied", activitylog.InProgress: "Pending", activitylog.Unknown: "Unknown",
}

func (h *Handler) outcomeName(o string) string {
	if title, ok := outcomeTitles[activitylog.Outcome(o)]; ok {
		return h.t(title)
	}
	return o
}

// shown is a text from an event for a reader from whom some are hidden.
func (h *Handler) shown(s string) string {
	if s == access.Hidden {
		return h.t("Hidden for your role")
	}
	return visible(s)
}

var severityTitles = map[activitylog.Severity]string{
	activitylog.Info: "Info", activitylog.Low: "Low", activitylog.Medium: "Medium", activitylog.High: "High", activitylog.Critical: "Critical",
}

func (h *Handler) severityName(s activitylog.Severity) string {
	return h.t(first(severityTitles[s], string(s)))
}

func (h *Handler) actorType(t activitylog.ActorType) string {
	return h.t(strings.ReplaceAll(string(t), "_", " "))
}
