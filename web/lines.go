package web

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
)

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

// sensitive tells whether a filter asks for what only the right ViewSensitive shows.
func sensitive(x activitylog.Expr) bool {
	switch x := x.(type) {
	case activitylog.AndExpr:
		return slices.ContainsFunc(x, sensitive)
	case activitylog.OrExpr:
		return slices.ContainsFunc(x, sensitive)
	case activitylog.NotExpr:
		return sensitive(x.X)
	case activitylog.Cond:
		return x.Field == "ip" || x.Field == "session" || x.Field == "meta"
	}
	return false
}

func (l *lines) who(e *activitylog.Event) {
	name := e.Actor.Name
	if name == "" {
		name = e.Actor.ID
	}
	if name == "" {
		name = l.v.h.actorType(e.Actor.Type)
	}
	var second []string
	for _, s := range append([]string{e.Actor.Email, l.v.h.actorType(e.Actor.Type)}, e.Actor.Roles...) {
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
	l.add(line{Name: "Severity", Value: l.v.h.severityName(e.Severity)})
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
