package activitylog

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ranges reads the values of fields that are compared: >=a >a <a <=a, a..b, and times also as since:a and before:a.
func (p *parser) ranges(field string, list []value) (Filter, error) {
	form := field + ": with >=, >, <, <= or a..b and"
	switch field {
	case "since":
		field, form = "time", "since: with"
		for i := range list {
			list[i].text = ">=" + list[i].text
		}
	case "before":
		field, form = "time", "before: with"
		for i := range list {
			list[i].text = "<" + list[i].text
		}
	}
	var alternatives []Filter
	for _, v := range list {
		f, ok := bounds(field, v.text)
		if !ok {
			example := "2026-01-31 or 2026-01-31T15:04:05Z"
			if field == "cost" {
				example = "0.25"
			}
			return Filter{}, p.fail(v.pos, "write %s a value like %s", form, example)
		}
		alternatives = append(alternatives, f)
	}
	return Any(alternatives...), nil
}

// bounds reads one range. first is the first value inside what the text names, next the first one behind it: a date
// names a whole day.
func bounds(field, text string) (Filter, bool) {
	read := readMicros
	if field != "cost" {
		read = readTime
	}
	at := func(op string, n int64) Filter { return cond(Cond{Field: field, Op: op, Number: n}) }
	if from, to, ok := strings.Cut(text, ".."); ok {
		first, _, ok1 := read(from)
		_, next, ok2 := read(to)
		if field != "cost" && strings.Contains(to, "T") {
			next-- // the end of a range of instants is outside
		}
		return All(at(opGE, first), at(opLT, next)), ok1 && ok2
	}
	for _, op := range []string{">=", "<=", ">", "<"} {
		rest, ok := strings.CutPrefix(text, op)
		if !ok {
			continue
		}
		first, next, ok := read(rest)
		switch op {
		case ">=":
			return at(opGE, first), ok
		case ">":
			return at(opGE, next), ok
		case "<":
			return at(opLT, first), ok
		default:
			return at(opLT, next), ok
		}
	}
	first, next, ok := read(text)
	return All(at(opGE, first), at(opLT, next)), ok
}

func readTime(s string) (first, next int64, ok bool) {
	if d, err := time.Parse(time.DateOnly, s); err == nil {
		return d.UnixMicro(), d.AddDate(0, 0, 1).UnixMicro(), true
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UnixMicro(), t.UnixMicro() + 1, err == nil
}

// readMicros reads a decimal number of up to six places as millionths.
func readMicros(s string) (first, next int64, ok bool) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, frac, _ := strings.Cut(digits, ".")
	if whole == "" || len(frac) > 6 {
		return 0, 0, false
	}
	w, err := strconv.ParseUint(whole, 10, 64)
	f, err2 := strconv.ParseUint((frac + "000000")[:6], 10, 64)
	most := uint64(math.MaxInt64)
	if negative {
		most++
	}
	if err != nil || err2 != nil || w > most/1_000_000 || w*1_000_000+f > most {
		return 0, 0, false
	}
	u := w*1_000_000 + f
	if negative {
		u = -u
	}
	first, next = int64(u), int64(u)
	if next < math.MaxInt64 {
		next++
	}
	return first, next, true
}

// fieldNames are the fields of the text form, fieldAliases other names that people try.
var fieldNames = []string{
	"id", "org", "project", "category", "action", "outcome", "severity", "model", "provider", "request", "session", "correlation",
	"actor", "acted", "impersonated", "authority", "actor_type", "target", "label", "meta", "ip", "time", "recorded", "since",
	"before", "cost", "retention",
}

var fieldAliases = map[string]string{
	"user": "actor", "who": "actor", "at": "time", "cat": "category", "metadata": "meta", "until": "before", "organization": "org",
}

// fieldNamed is the field that name stands for.
func fieldNamed(name string) string {
	if known, ok := fieldAliases[name]; ok {
		return known
	}
	return name
}
