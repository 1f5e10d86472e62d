package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The limits of what a query may cost. They belong to these pages; the filters of the library take more.
const (
	maxQuery = 512 // bytes of q
	maxTerms = 24  // conditions and values, typed and chosen together
)

// choiceFields are the fields that controls choose values of, each of which may be excluded instead.
var choiceFields = []string{"action", "actor", "category", "model", "org", "outcome", "project"}

// quickNames are the quick filters in the order in which they are shown.
var quickNames = []string{"ai", "errors", "models", "signin", "rights", "auto"}

var ranges = []string{"7d", "30d", "90d", "all"}

var limits = []int{50, 100, 200}

// params are what the address of a page says, which is all of its state.
type params struct {
	q        string
	choices  map[string][]string // by field; a value that begins with "-" is excluded
	quick    []string
	span     string    // 7d, 30d, 90d or all; empty: from and to
	from, to time.Time // either may be zero
	cursor   string
	pinned   time.Time // when the first page was shown, so that a later one begins its range there
	limit    int
	event    string
	alert    string // the events of this alert
	utc      bool
	reads    bool // also show who viewed the log
	cols     []string
	messy    bool // the address holds parameters without a value
}

// parseParams reads an address. Unknown parameters count nothing; what cannot be read is an error.
func parseParams(v url.Values, zone *time.Location) (params, error) {
	p := params{q: strings.TrimSpace(v.Get("q")), choices: map[string][]string{}, span: "30d", limit: limits[0], event: v.Get("event"), alert: v.Get("alert")}
	if len(p.q) > maxQuery {
		return p, fmt.Errorf("the search has %d bytes, at most %d are looked at", len(p.q), maxQuery)
	}
	n := 0
	for _, f := range choiceFields {
		for _, value := range v[f] {
			if value == "" {
				p.messy = true
			} else if !slices.Contains(p.choices[f], value) {
				p.choices[f] = append(p.choices[f], value)
				n++
			}
		}
	}
	for _, name := range v["quick"] {
		if slices.Contains(quickNames, name) && !slices.Contains(p.quick, name) {
			p.quick = append(p.quick, name)
			n++
		}
	}
	if n > maxTerms {
		return p, fmt.Errorf("%d filters are chosen, at most %d can be used at once", n, maxTerms)
	}
	if err := p.parseTime(v, zone); err != nil {
		return p, err
	}
	cursor, pin, _ := strings.Cut(v.Get("cursor"), ".")
	p.cursor = cursor
	if seconds, err := strconv.ParseInt(pin, 36, 64); err == nil && seconds > 0 && seconds < 1<<33 {
		p.pinned = time.Unix(seconds, 0).UTC()
	}
	if l, err := strconv.Atoi(v.Get("limit")); err == nil && slices.Contains(limits, l) {
		p.limit = l
	}
	p.utc = v.Get("tz") == "utc"
	p.reads = v.Get("reads") == "1"
	if cols := v.Get("cols"); cols != "" && len(cols) < 1000 {
		p.cols = strings.Split(cols, ",")
	}
	span := v.Get("range")
	p.messy = p.messy || span != "" && (v.Has("from") || v.Has("to"))
	for _, name := range []string{"q", "from", "to", "cursor", "event"} {
		p.messy = p.messy || v.Has(name) && v.Get(name) == ""
	}
	return p, nil
}

func (p *params) parseTime(v url.Values, zone *time.Location) (err error) {
	if v.Has("tz") && v.Get("tz") == "utc" {
		zone = time.UTC
	}
	if p.from, err = parseMoment(v.Get("from"), zone); err != nil {
		return err
	}
	if p.to, err = parseMoment(v.Get("to"), zone); err != nil {
		return err
	}
	switch span := v.Get("range"); {
	case slices.Contains(ranges, span):
		p.span, p.from, p.to = span, time.Time{}, time.Time{}
	case !p.from.IsZero() || !p.to.IsZero():
		p.span = ""
	case span == "custom":
		p.span = ""
	}
	return nil
}

// parseMoment reads RFC 3339, or what a browser's own input for a date and time sends, which is in the reader's zone.
func parseMoment(s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil && t.Year() > 0 && t.Year() < 9999 {
		return t.UTC(), nil
	}
	for _, form := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(form, s, zone); err == nil && t.Year() > 0 && t.Year() < 9999 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; write it as 2026-01-31T09:00:00Z", shorten(s, 40))
}

// encode is the address again, without what is as usual and with its parameters in order.
func (p params) encode() string {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("q", p.q)
	for f, values := range p.choices {
		if len(values) > 0 {
			v[f] = values
		}
	}
	if len(p.quick) > 0 {
		v["quick"] = p.quick
	}
	switch {
	case p.span == "":
		if p.from.IsZero() && p.to.IsZero() {
			set("range", "custom")
		}
		set("from", moment(p.from))
		set("to", moment(p.to))
	case p.span != "30d":
		set("range", p.span)
	}
	if p.cursor != "" {
		set("cursor", p.cursor+"."+strconv.FormatInt(p.pinned.Unix(), 36))
	}
	if p.limit != limits[0] {
		set("limit", strconv.Itoa(p.limit))
	}
	set("event", p.event)
	set("alert", p.alert)
	set("cols", strings.Join(p.cols, ","))
	if p.utc {
		set("tz", "utc")
	}
	if p.reads {
		set("reads", "1")
	}
	return v.Encode()
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// with returns a changed copy. Whatever changes, the page is the first one and no event is open.
func (p params) with(change func(*params)) params {
	p.choices = maps.Clone(p.choices)
	for f, values := range p.choices {
		p.choices[f] = slices.Clone(values)
	}
	p.quick, p.cols = slices.Clone(p.quick), slices.Clone(p.cols)
	p.cursor, p.event, p.pinned = "", "", time.Time{}
	change(&p)
	return p
}

// link is an address on the same page.
func (p params) link() string { return "?" + p.encode() }

// toggled returns p with a value of a field chosen, or no longer chosen if it was.
func (p params) toggled(field, value string) params {
	return p.with(func(p *params) {
		if i := slices.Index(p.choices[field], value); i >= 0 {
			p.choices[field] = slices.Delete(p.choices[field], i, i+1)
			return
		}
		p.choices[field] = append(p.choices[field], value)
	})
}

// also returns p with a term of the query language added to what was typed.
func (p params) also(term string) params {
	return p.with(func(p *params) { p.q = strings.TrimSpace(p.q + " " + term) })
}

// Typed is what stands in the field of the search.
func (p params) Typed() string { return p.q }

// Span is the name of the range, empty for one of the reader's own.
func (p params) Span() string { return p.span }

// filtered tells whether anything narrows the page beside its range.
func (p *params) filtered() bool {
	for _, values := range p.choices {
		if len(values) > 0 {
			return true
		}
	}
	return p.q != "" || len(p.quick) > 0 || p.alert != ""
}
