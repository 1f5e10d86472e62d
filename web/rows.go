package web

import (
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
)

// row is an event in a list.
type row struct {
	ID, Href     string
	Time         string
	At           time.Time
	Ago          string
	Actor        actorMark
	Sentence     []words
	Action, Cost string
	Category     string // its id, for the colour
	CategoryName string
	Project      string
	ProjectLink  string
	Org, OrgLink string
	IP, Place    string
	Outcome      outcomeMark
	Open         bool
	Severe       string
	Model        string
	labels       map[string]string
}

// actorMark shows who acted: people are round, machines square and named as what they are.
type actorMark struct {
	Initials, Class, Kind string
	Hue                   int
}

// outcomeMark shows how it ended, never by colour alone.
type outcomeMark struct{ Icon, Class, Text string }

// words are a part of a sentence.
type words struct {
	Text string
	Bold bool
}

// day is the events of one day of the reader.
type day struct {
	Name, Date string
	Rows       []row
}

// days groups events, which come in order.
func (v *visit) days(events []activitylog.Event, now time.Time) []day {
	zone := v.zone()
	today := now.In(zone).Format(time.DateOnly)
	yesterday := now.In(zone).AddDate(0, 0, -1).Format(time.DateOnly)
	var list []day
	last := ""
	for i := range events {
		at := events[i].Time.In(zone)
		if key := at.Format(time.DateOnly); key != last || len(list) == 0 {
			d := day{Date: v.h.day(at)}
			switch key {
			case today:
				d.Name = v.h.t("Today")
			case yesterday:
				d.Name = v.h.t("Yesterday")
			}
			list, last = append(list, d), key
		}
		d := &list[len(list)-1]
		d.Rows = append(d.Rows, v.row(&events[i], now))
	}
	return list
}

func (v *visit) row(e *activitylog.Event, now time.Time) row {
	h, p := v.h, &v.params
	id := e.ID.String()
	r := row{
		ID: id, At: e.Time, Time: h.clock(e.Time.In(v.zone())), Ago: h.ago(e.Time, now),
		Href:  v.h.root(v.route.up) + v.eventScope(e).path() + "events/" + id + p.with(func(*params) {}).link(),
		Actor: v.actorMark(&e.Actor), Sentence: sentence(e, h.rendering(e).Sentence), Action: e.Action,
		Category: e.Category, CategoryName: h.categoryName(e.Category),
		Outcome: v.outcomeMark(e.Outcome), Open: p.event == id, Place: place(&e.Client), labels: e.Labels,
	}
	if e.Client.IP.IsValid() {
		r.IP = e.Client.IP.String()
	} else if e.Client.IPKind == "hidden" {
		r.IP = access.Hidden
	}
	if e.AI != nil {
		r.Model = e.AI.Model
		if e.AI.CostMicros != nil {
			r.Cost = money(*e.AI.CostMicros, e.AI.Currency)
		}
	}
	if e.Severity == activitylog.High || e.Severity == activitylog.Critical {
		r.Severe = h.severityName(e.Severity)
	}
	if e.Project != "" {
		r.Project = h.projectName(e.Org, e.Project)
		r.ProjectLink = p.toggled("project", literal(e.Project)).link()
	}
	if v.route.scope.kind == "platform" {
		r.Org = h.orgName(e.Org)
		r.OrgLink = p.toggled("org", literal(e.Org)).link()
	}
	return r
}

// eventScope is where the page of an event is: the organization's for somebody who reads all of them, since an id is
// one of an organization.
func (v *visit) eventScope(e *activitylog.Event) scope {
	if v.route.scope.kind == "platform" {
		return scope{kind: "org", org: e.Org}
	}
	return v.route.scope
}

func (v *visit) actorMark(a *activitylog.Actor) actorMark {
	name := a.Name
	if name == "" {
		name = a.ID
	}
	m := actorMark{Initials: initials(name), Class: "user", Hue: hue(a.ID)}
	switch a.Type {
	case activitylog.User:
	case activitylog.Anonymous:
		m.Initials, m.Hue = "?", 5
	default:
		m.Class = "machine"
		m.Kind = v.h.actorType(a.Type)
	}
	return m
}

func (v *visit) outcomeMark(o activitylog.Outcome) outcomeMark {
	m := outcomeMark{Icon: "info", Class: "other", Text: v.h.outcomeName(string(o))}
	switch o {
	case activitylog.Success:
		m.Icon, m.Class = "ok", "ok"
	case activitylog.Failure:
		m.Icon, m.Class = "fail", "fail"
	case activitylog.Denied:
		m.Icon, m.Class = "deny", "fail"
	}
	return m
}

// sentence is what an event is told as, with the names in it set apart.
func sentence(e *activitylog.Event, told string) []words {
	list := []words{{Text: first(told, e.Message, e.Action)}}
	for _, d := range append([]string{e.Actor.Name}, alsoNamed(e)...) {
		if d == "" || d == access.Hidden {
			continue
		}
		for i, w := range list {
			at := strings.Index(w.Text, d)
			if w.Bold || at < 0 {
				continue
			}
			parts := []words{{Text: w.Text[:at]}, {Text: d, Bold: true}, {Text: w.Text[at+len(d):]}}
			list = append(list[:i:i], append(parts, list[i+1:]...)...)
			break
		}
	}
	kept := list[:0]
	for _, w := range list {
		if w.Text != "" {
			kept = append(kept, words{shorten(w.Text, 400), w.Bold})
		}
	}
	return kept
}

// alsoNamed are the names that a sentence is most likely to hold beside the actor's.
func alsoNamed(e *activitylog.Event) []string {
	var list []string
	if len(e.Targets) > 0 {
		list = append(list, e.Targets[0].Name)
	}
	if e.AI != nil {
		list = append(list, e.AI.Model)
	}
	return list
}

func place(c *activitylog.Client) string {
	switch {
	case c.Country == access.Hidden:
		return ""
	case c.Region != "" && c.Region != access.Hidden:
		return c.Region
	}
	return c.Country
}
