package web

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
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
	return v.detail(&e), nil
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

// lines collects fields of an event.
type lines struct {
	v    *visit
	here string
	list []line
}

// add appends a field, unless it is empty.
func (l *lines) add(x line) {
	if x.Value == "" {
		return
	}
	x.Name = l.v.h.t(x.Name)
	x.Hidden = x.Value == access.Hidden
	if x.Hidden {
		x.Link, x.With, x.Without = "", "", ""
	}
	l.list = append(l.list, x)
}

// about is the address of all events that f means, at any time.
func (l *lines) about(f activitylog.Filter) string {
	if l.v.grant.Rights()&access.ViewSensitive == 0 && sensitive(f.Expr()) {
		return ""
	}
	p := params{q: f.String(), span: "all", limit: limits[0], utc: l.v.params.utc}
	return l.here + p.link()
}

func sensitive(x activitylog.Expr) bool {
	c, ok := x.(activitylog.Cond)
	return ok && (c.Field == "ip" || c.Field == "session" || c.Field == "meta")
}

func (l *lines) who(e *activitylog.Event) {
	name := e.Actor.Name
	if name == "" {
		name = e.Actor.ID
	}
	if name == "" {
		name = string(e.Actor.Type)
	}
	var second []string
	for _, s := range append([]string{e.Actor.Email, string(e.Actor.Type)}, e.Actor.Roles...) {
		if s == access.Hidden {
			s = l.v.h.t("e-mail hidden for your role")
		}
		if s != "" && s != name {
			second = append(second, s)
		}
	}
	if e.Actor.ID != name {
		second = append(second, e.Actor.ID)
	}
	who := line{Name: "Actor", Value: name, Second: strings.Join(second, " · ")}
	if e.Actor.ID != "" {
		who.Link, who.LinkText = l.about(activitylog.ActorIs(e.Actor.ID)), l.v.h.t("All of their events")
	}
	l.add(who)
	for _, d := range e.OnBehalfOf {
		title := "On behalf of"
		if d.Relation == activitylog.Impersonates {
			title = "Acting as"
		}
		l.add(line{Name: title, Value: first(d.Name, d.ID), Second: d.Email, Link: l.about(activitylog.ActorIs(d.ID)), LinkText: l.v.h.t("All of their events")})
	}
}

func (l *lines) what(e *activitylog.Event) {
	l.add(line{Name: "Action", Value: e.Action, Mono: true, Link: l.about(activitylog.ActionIs(e.Action)), LinkText: l.v.h.t("All of this kind")})
	for _, t := range e.Targets {
		x := line{Name: "Target", Value: first(t.Name, t.ID), Second: strings.TrimSpace(t.Type + " " + t.ID)}
		if t.ID != "" {
			x.Link, x.LinkText = l.about(activitylog.TargetIs(t.Type, t.ID)), l.v.h.t("History of this")
		}
		l.add(x)
	}
	l.add(line{Name: "Project", Value: l.v.h.projectName(e.Org, e.Project), Link: l.about(activitylog.ProjectIs(e.Project)), LinkText: l.v.h.t("All of this project")})
	l.add(line{Name: "Reason", Value: e.Reason})
	l.add(line{Name: "Error", Value: e.ErrorCode, Mono: true})
	l.add(line{Name: "Severity", Value: string(e.Severity)})
	for _, k := range slices.Sorted(maps.Keys(e.Labels)) {
		l.add(line{Name: k, Value: e.Labels[k], Link: l.about(activitylog.LabelIs(k, e.Labels[k])), LinkText: l.v.h.t("All with this label")})
	}
}

func (l *lines) where(e *activitylog.Event) {
	ip := line{Name: "IP address", Value: e.Client.IPHash, Second: place(&e.Client), Mono: true}
	switch {
	case e.Client.IP.IsValid():
		a := e.Client.IP
		ip.Value, ip.LinkText = a.String(), l.v.h.t("All from here")
		if a.Zone() == "" {
			ip.Link = l.about(activitylog.IPIn(netip.PrefixFrom(a, a.BitLen())))
		}
	case e.Client.IPKind == "hidden":
		ip.Value = access.Hidden
	}
	l.add(ip)
	l.add(line{Name: "Device", Value: e.Client.UserAgent})
	l.add(line{Name: "Forwarded", Value: strings.Join(e.Client.Forwarded, ", "), Mono: true})
	l.add(line{Name: "Request", Value: e.Request.ID, Second: strings.TrimSpace(e.Request.Method + " " + e.Request.Route), Mono: true,
		Link: l.about(activitylog.RequestIs(e.Request.ID)), LinkText: l.v.h.t("Events of this request")})
	l.add(line{Name: "Session", Value: e.Request.SessionID, Mono: true, Link: l.about(activitylog.SessionIs(e.Request.SessionID)), LinkText: l.v.h.t("Events of this session")})
	l.add(line{Name: "Credential", Value: e.Request.CredentialID, Mono: true})
	l.add(line{Name: "Operation", Value: e.Request.CorrelationID, Mono: true, Link: l.about(activitylog.CorrelationIs(e.Request.CorrelationID)), LinkText: l.v.h.t("Events of this operation")})
	l.add(line{Name: "Trace", Value: e.Request.TraceID, Mono: true})
	l.add(line{Name: "Origin", Value: e.Request.Origin})
	if len(e.Leaf) > 0 {
		l.add(line{Name: "Evidence", Value: hex.EncodeToString(e.Leaf[:min(len(e.Leaf), 16)]), Mono: true})
	}
}

func (v *visit) aiLines(e *activitylog.Event, here string) []line {
	if e.AI == nil {
		return nil
	}
	u, l := e.AI, lines{v: v, here: here}
	l.add(line{Name: "Model", Value: u.Model, Second: u.Provider, Link: l.about(activitylog.ModelIs(u.Model)), LinkText: v.h.t("All with this model")})
	l.add(line{Name: "Asked for", Value: u.ModelRequested})
	l.add(line{Name: "Before", Value: u.PreviousModel})
	if u.CostMicros != nil {
		x := line{Name: "Cost", Value: money(*u.CostMicros, u.Currency)}
		if u.CostEstimated {
			x.Second = v.h.t("estimated")
		}
		l.add(x)
	}
	for _, c := range []struct {
		name string
		n    int64
		unit string
	}{
		{"Tokens in", u.InputTokens, ""}, {"Tokens out", u.OutputTokens, ""}, {"Cached", u.CachedTokens, ""}, {"Reasoning", u.ReasoningTokens, ""},
		{"Latency", u.LatencyMS, " ms"}, {"First token", u.FirstTokenMS, " ms"},
	} {
		if c.n > 0 {
			l.add(line{Name: c.name, Value: grouped(c.n) + c.unit})
		}
	}
	l.add(line{Name: "Agent", Value: first(u.AgentName, u.AgentID)})
	l.add(line{Name: "Tools", Value: strings.Join(u.ToolNames, ", ")})
	l.add(line{Name: "Conversation", Value: u.ConversationID, Mono: true})
	l.add(line{Name: "Finished", Value: u.FinishReason})
	return l.list
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
