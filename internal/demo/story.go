package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// errands makes what is planned in an organization for day: stories that begin, people who come and go, and visits of
// the vendor's support.
func (o *org) errands(w *world, day time.Time) {
	for i, st := range stories {
		if o.due(day, st.every*o.pace, st.first+(o.pace-1)*3) {
			o.tell(w, roll(w.Seed, fmt.Sprintf("story/%s/%d", o.id, i), day.Unix()), st, day)
		}
	}
	o.newcomers(w, day)
	if o.due(day, 12*o.pace, 5) {
		o.supportVisit(w, roll(w.Seed, o.id+"/support", day.Unix()), day)
	}
}

// tell makes the events of a story that begins on day.
func (o *org) tell(w *world, r dice, st story, day time.Time) {
	p := o.someone(r, st.by, day)
	if p == nil {
		return
	}
	t := p.workMoment(r, day)
	targets := o.protagonists(r, st, p, day)
	if targets == nil {
		return
	}
	for i, step := range st.steps {
		day = o.workdayAfter(day, step.after)
		if !p.present(day) {
			if p = o.someone(r, st.by, day); p == nil {
				return
			}
		}
		if step.after > 0 {
			t = p.workMoment(r, day)
		} else if i > 0 {
			t = t.Add(r.span(60, 600))
		}
		s := o.sceneOf(w, r, p, atHome)
		s.smooth = true
		if step.service != "" {
			s.actor, s.behalf, s.origin = service(step.service), []activitylog.Delegation{p.delegates()}, "job"
			s.client, s.session = activitylog.Client{}, ""
		}
		s.play(step, t, targets)
	}
}

// play makes the events of one step.
func (s *scene) play(step step, t time.Time, targets []*object) {
	if step.n > 1 {
		s.bulk(step, t, targets[0])
		return
	}
	e := s.event(t, step.action, targets...)
	x := targets[0]
	switch step.action {
	case "campaign.send":
		n := 300 + s.r.IntN(5000)
		e.Targets = append(e.Targets, s.o.any(s.r, "audience").Target)
		e.Metadata = map[string]any{"recipients": n, "bounced": n / 140}
		e.Message = fmt.Sprintf("%s sent %s to %d people for %s", e.Actor.Name, x.Name, n, e.OnBehalfOf[0].Name)
	case "member.suspend":
		p, day := s.o.personOf(x), dayOf(t, s.o.loc)
		p.away = append(p.away, [2]time.Time{day, s.o.workdayAfter(day, 3)})
	}
	s.addChanged(e, func(r dice) []activitylog.Change {
		list := step.changes(r, x, targets)
		if step.action == "member.role.change" {
			to := fmt.Sprint(list[0].New)
			e.Targets = append(e.Targets, activitylog.Target{Type: "role", ID: to, Name: to})
			e.Message = fmt.Sprintf("%s changed %s from %v to %s", e.Actor.Name, x.Name, list[0].Old, to)
			s.o.personOf(x).Roles = []string{to}
		}
		return list
	})
}

// changes are those of one step, to x.
func (step step) changes(r dice, x *object, targets []*object) (list []activitylog.Change) {
	begins := verb(step.action) == "create" || verb(step.action) == "connect"
	name, values, explicit := strings.Cut(step.set, "=")
	switch {
	case step.action == "access.grant" || step.action == "access.revoke":
		name = "grants." + targets[1].ID
		var v any
		if explicit {
			v = next(x.fields[name], values)
		}
		list = append(list, x.set(name, v))
	case explicit:
		list = append(list, x.set(name, next(x.fields[name], values)))
	case begins:
		list = x.all()
	case verb(step.action) == "update" || step.action == "org.settings.change":
		list = x.change(r)
	}
	if step.secret {
		list = append(list, secret(privateField(x.Type), !begins))
	}
	return list
}

// bulk does the step to n things as one operation: to the members of a channel, or to new or passing files.
func (s *scene) bulk(step step, t time.Time, x *object) {
	id := s.r.token("op_", 10)
	for range step.n {
		targets := []*object{x}
		switch step.action {
		case "data.import":
			targets[0] = s.o.create(s.r, "file")
			s.o.arrive(targets[0], t)
		case "data.delete":
			if targets[0] = s.o.leaving(); targets[0] == nil {
				return
			}
		default:
			targets = append(targets, s.o.other(s.r, dayOf(t, time.UTC), nil).record)
		}
		t = t.Add(s.r.span(0.05, 0.6))
		e := s.event(t, step.action, targets...)
		e.Request.CorrelationID = id
		s.add(e)
	}
}

// protagonists are the targets of a story; nil means that it cannot be told.
func (o *org) protagonists(r dice, st story, p *person, day time.Time) []*object {
	switch st.kind {
	case "org":
		return []*object{o.record}
	case "model":
		name := one(r, previewModels)
		return []*object{thing("model", name, name)}
	case "log range":
		return []*object{thing("log range", "last-quarter", "last quarter")}
	case "file":
		return []*object{thing("file", "", "")} // every step finds its own
	case "self":
		return []*object{p.record}
	case "user":
		return []*object{o.other(r, day, p).record}
	case "session":
		x := o.other(r, day, p)
		return []*object{thing("session", r.token("ses_", 10), "a session of "+x.Name)}
	case "grant":
		x := *o.any(r, "project")
		x.Type = "resource"
		return []*object{&x, o.other(r, day, p).record}
	case "guest":
		mail := one(r, []string{"dana", "kim", "alexis", "noor"}) + "@guest.example"
		return []*object{thing("user", nameToken("inv_", mail), mail), thing("role", "guest", "guest")}
	}
	return []*object{o.create(r, st.kind)}
}

func privateField(kindName string) string {
	switch kindName {
	case "user":
		return "password"
	case "org":
		return "sso_client_secret"
	}
	return kinds[kindName].private
}

// next is the value of a field after old: the first of those given, or the one that follows old among them.
func next(old any, values string) any {
	list := strings.Split(values, "|")
	v := list[0]
	if i := slices.Index(list, fmt.Sprint(old)); i >= 0 {
		v = list[(i+1)%len(list)]
	}
	switch v {
	case "true":
		return true
	case "false":
		return false
	}
	return v
}
