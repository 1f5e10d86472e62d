package demo

import (
	"math/rand/v2"
	"time"

	"github.com/activitylog/activitylog"
)

// scene is somebody at work: who, for whom, from where and in which session. Its events carry all that.
type scene struct {
	w          *world
	o          *org
	r          dice
	actor      activitylog.Actor
	behalf     []activitylog.Delegation
	client     activitylog.Client
	session    string
	credential string
	origin     string
	labels     map[string]string
	smooth     bool // nothing goes wrong
}

// sceneOf is a person at work on a device of theirs.
func (o *org) sceneOf(w *world, r dice, p *person, device int) *scene {
	if p.sessions[device] == "" {
		p.sessions[device] = r.token("ses_", 10)
	}
	s := &scene{w: w, o: o, r: r, actor: p.Actor, client: p.clients[device], session: p.sessions[device], origin: "ui", labels: teamOf(p.job)}
	if device == onPhone {
		s.origin = "api"
	}
	return s
}

// event makes an event at t with everything that its action brings along. It is not yet in the log: see add.
func (s *scene) event(t time.Time, action string, targets ...*object) *activitylog.Event {
	e := &activitylog.Event{
		ID: s.r.eventID(t), Time: t.Truncate(time.Microsecond), Org: s.o.id, Action: action, Outcome: activitylog.Success,
		Actor: s.actor, OnBehalfOf: s.behalf, Client: s.client, Labels: s.labels,
		Request: activitylog.Request{ID: s.r.token("req_", 12), SessionID: s.session, CredentialID: s.credential, Origin: s.origin},
	}
	if route := routes[action]; route.path != "" && s.origin != "job" && s.origin != "system" {
		e.Request.Method, e.Request.Route = route.method, route.path
	}
	if s.origin == "api" || s.origin == "mcp" {
		e.Request.TraceID, e.Request.SpanID = s.r.hex(32), s.r.hex(16)
	}
	e.Targets = make([]activitylog.Target, len(targets))
	for i, x := range targets {
		e.Targets[i] = x.Target
		if e.Project == "" {
			e.Project = x.project
		}
	}
	if note := notes[action]; note != nil {
		e.Metadata = note(s.r)
	}
	if !s.smooth {
		s.stumble(e)
	}
	return e
}

// add puts e into the log and returns it.
func (s *scene) add(e *activitylog.Event) *activitylog.Event {
	s.w.add(made{Event: e})
	return e
}

// addChanged puts e into the log. When its turn comes, after all events before it, change says what changes.
func (s *scene) addChanged(e *activitylog.Event, change func(r dice) []activitylog.Change) {
	r := dice{rand.New(rand.NewPCG(s.r.Uint64(), 1))}
	s.w.add(made{e, func() { e.Changes = change(r) }})
}

// do makes an event and puts it into the log.
func (s *scene) do(t time.Time, action string, targets ...*object) *activitylog.Event {
	return s.add(s.event(t, action, targets...))
}

// stumble lets some attempts fail, as the table says.
func (s *scene) stumble(e *activitylog.Event) {
	x := s.r.Float64()
	for _, m := range mishaps[e.Action] {
		if x -= m.share; x < 0 {
			e.Outcome, e.ErrorCode, e.Reason = m.outcome, m.code, m.reason
			return
		}
	}
}

// thing is a target that stands on no shelf.
func thing(kindName, id, name string) *object {
	return &object{Target: activitylog.Target{Type: kindName, ID: id, Name: name}}
}
