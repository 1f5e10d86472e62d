package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/google/uuid"
)

// detail is all there is to know about one event.
type detail struct {
	Row        row
	Local, UTC string
	LocalZone  string
	Recorded   string
	Duration   string
	Lines      []line
	Changes    []changed
	AI         []line
	Metadata   []line
	Raw        string
	Close      string // the address without it
	Permalink  string
	Cut        []string // fields that were over a limit
	Seal       seal
}

// line is one field with what leads on from it.
type line struct {
	Name, Value, Second string
	Mono, Hidden        bool
	Link, LinkText      string
	With, Without       string // addresses that filter by it
}

type changed struct {
	Path, Before, After string
	Secret              bool
}

// open reads one event, which is recorded.
func (v *visit) open(id string) (*detail, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return nil, fmt.Errorf("web: %q: %w", shorten(id, 40), activitylog.ErrNotFound)
	}
	e, err := v.reader.Get(v.r.Context(), parsed)
	if err != nil {
		return nil, err
	}
	v.learn([]activitylog.Event{e})
	proved := e
	v.unnumbered(&e)
	d := v.detail(&e)
	d.Seal = v.seal(&proved, d.Permalink)
	return d, nil
}

// panel is the event that a list has open, if there is one.
func (v *visit) panel() (*detail, error) {
	if v.params.event == "" {
		return nil, nil
	}
	return v.open(v.params.event)
}

// panelOnly answers the script, which puts the event beside the list.
func (v *visit) panelOnly() {
	d, err := v.panel()
	if err == nil && d == nil {
		err = activitylog.ErrNotFound
	}
	if err != nil {
		v.failReading(err)
		return
	}
	out := v.begin(200)
	out.part("panel", d)
	out.end()
}

// eventPage is the event on a page of its own.
func (v *visit) eventPage(id string) {
	d, err := v.open(id)
	if err != nil {
		v.failReading(err)
		return
	}
	title := v.h.t("Event")
	page := struct {
		base
		Detail *detail
		Back   string
	}{v.base(title + " · " + v.scopeName()), d, ""}
	page.Back = page.Here + v.params.with(func(*params) {}).link()
	page.Crumbs = v.crumbs(title)
	out := v.begin(200)
	out.part("event", page)
	out.end()
}

func (v *visit) detail(e *activitylog.Event) *detail {
	h, now := v.h, v.h.opts.Now()
	local := v.local()
	here := h.root(v.route.up) + v.route.scope.path()
	d := &detail{
		Row:   v.row(e, now),
		Local: h.day(e.Time.In(local)) + ", " + h.clock(e.Time.In(local)), LocalZone: zoneName(local, e.Time),
		UTC:       e.Time.UTC().Format("2006-01-02 15:04:05.000"),
		Raw:       raw(e),
		Permalink: h.root(v.route.up) + v.eventScope(e).path() + "events/" + e.ID.String(),
		Close:     here + v.keeping(func(p *params) { p.event = "" }),
	}
	if wait := e.Recorded.Sub(e.Time); wait > time.Minute {
		d.Recorded = e.Recorded.UTC().Format("2006-01-02 15:04:05")
	}
	if e.Duration > 0 {
		d.Duration = e.Duration.String()
	}
	l := lines{v: v, here: here}
	for _, x := range h.rendering(e).Lines {
		l.list = append(l.list, line{Name: x.Name, Value: x.Value, Link: safeURL(x.URL), LinkText: h.t("Open")})
	}
	l.who(e)
	l.what(e)
	l.where(e)
	d.Lines = l.list
	d.AI = v.aiLines(e, here)
	for _, c := range e.Changes {
		d.Changes = append(d.Changes, changed{c.Path, plain(c.Old), plain(c.New), c.Secret})
	}
	d.Metadata = v.metadata(e, here)
	for _, c := range e.Truncated {
		d.Cut = append(d.Cut, fmt.Sprintf(h.t("%s was cut; it had %s bytes"), c.Path, grouped(int64(c.Bytes))))
	}
	return d
}

// metadata are the pairs of the event, with ways to look for others that have or have not the same.
func (v *visit) metadata(e *activitylog.Event, here string) []line {
	const most = 200
	l := lines{v: v, here: here}
	for i, k := range slices.Sorted(maps.Keys(e.Metadata)) {
		if i == most {
			l.list = append(l.list, line{Name: "…", Value: fmt.Sprintf(v.h.t("%d more, in the raw event"), len(e.Metadata)-most)})
			break
		}
		value := plain(e.Metadata[k])
		x := line{Name: k, Value: value, Mono: true}
		switch e.Metadata[k].(type) {
		case map[string]any, []any:
			x.Value = shorten(value, 300) // the raw event has all of it
		default:
			f := activitylog.MetaIs(k, value)
			if text := f.String(); !strings.ContainsAny(k, ".") && len(text) < 200 && v.grant.Rights()&access.ViewSensitive != 0 {
				x.With, x.Without = here+v.params.also(text).link(), here+v.params.also("-"+text).link()
			}
		}
		if x.Value == "" {
			x.Value = `""`
		}
		x.Hidden = value == access.Hidden
		l.list = append(l.list, x)
	}
	return l.list
}

// plain writes a JSON value for people.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// raw is the event in its JSON form, as a reader may see it.
func raw(e *activitylog.Event) string {
	var b bytes.Buffer
	if err := json.Indent(&b, e.AppendJSON(nil), "", "  "); err != nil {
		return ""
	}
	lines := strings.Split(b.String(), "\n")
	for i, l := range lines {
		lines[i] = visible(l)
	}
	return strings.Join(lines, "\n")
}

func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
