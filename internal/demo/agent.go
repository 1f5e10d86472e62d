package demo

import (
	"cmp"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// agentSpec is an AI agent that runs by itself and when people ask it.
type agentSpec struct {
	name, model, helper string
	owner               int // which of the staff
	runs                float64
	from, to            float64 // hours between which it runs by itself, in the zone of the organization
	steps               int
	context             float64
	tools               []string
}

// agent is one at work.
type agent struct {
	*agentSpec
	*object
	owner  *person
	model  *model
	helper *object // a second agent that it asks
}

func (o *org) deploy(r dice, s *agentSpec) *agent {
	a := &agent{agentSpec: s, object: o.put(r, "agent", s.name, nil), owner: o.people[s.owner], model: modelNamed(o.models.large)}
	a.keep = true
	if s.model != "" {
		a.model = modelNamed(s.model)
	}
	if s.helper != "" {
		a.helper = o.put(r, "agent", s.helper, nil)
		a.helper.keep = true
	}
	return a
}

// busiest is the agent that works most. It is the one that people ask: for others one more run would be a change.
func (o *org) busiest() *agent {
	return slices.MaxFunc(o.agents, func(a, b *agent) int { return cmp.Compare(a.runs, b.runs) })
}

// acting is the actor of an agent in one run.
func (a *agent) acting(x *object, run string) activitylog.Actor {
	return activitylog.Actor{Type: activitylog.Agent, ID: x.ID, Name: x.Name, Version: "1.4.2", Instance: run, Model: a.model.name}
}

// run is one run of the agent, at t, under the authority of p: it begins, thinks and uses tools in turn, and ends.
func (a *agent) run(w *world, o *org, r dice, t time.Time, p *person) {
	id := r.token("run_", 10)
	s := &scene{
		w: w, o: o, r: r, actor: a.acting(a.object, id), behalf: []activitylog.Delegation{p.delegates()}, origin: "mcp",
		credential: nameToken("crd_", a.ID), labels: map[string]string{"env": "prod", "team": p.job.name},
	}
	begin := t
	start := s.do(t, "agent.run.start", a.object)
	correlate := func(e *activitylog.Event) {
		e.Request.CorrelationID, e.Request.CausationID = id, start.ID.String()
	}
	start.Request.CorrelationID = id
	talk := thing("conversation", r.token("cnv_", 10), "")
	talk.project = p.home
	for range max(1, a.steps+r.IntN(3)-1) {
		t = t.Add(r.span(1, 12))
		e := s.event(t, "ai.message.send", talk, thing("model", a.model.name, a.model.name))
		e.AI = s.usage(a.model, a.context/a.model.context, t)
		e.AI.ConversationID, e.AI.AgentID, e.AI.AgentName, e.AI.ToolNames = talk.ID, a.ID, a.Name, a.tools
		o.bends.outageHits(r, e)
		correlate(e)
		s.settle(e)
		t = t.Add(e.Duration + r.span(0.2, 3))
		if e.Outcome == activitylog.Success && r.chance(0.6) {
			correlate(a.call(s, t))
		}
	}
	if a.helper != nil && r.chance(0.5) {
		t = a.ask(s, t.Add(r.span(1, 5)), correlate)
	}
	end := s.event(t.Add(r.span(0.5, 4)), "agent.run.finish", a.object)
	correlate(end)
	end.Duration = end.Time.Sub(begin)
	s.add(end)
}

// call is one use of a tool.
func (a *agent) call(s *scene, t time.Time) *activitylog.Event {
	tool := one(s.r, a.tools)
	e := s.event(t, "agent.tool.call", thing("tool", tool, tool), a.object) // the tool first: it is what the message names
	e.Duration = s.r.span(0.05, 2.5)
	return s.add(e)
}

// ask lets the helper do a part: it acts for the agent, which acts for the person.
func (a *agent) ask(s *scene, t time.Time, correlate func(*activitylog.Event)) time.Time {
	h := *s
	h.actor = a.acting(a.helper, s.r.token("run_", 10))
	h.behalf = append([]activitylog.Delegation{{Actor: s.actor, Relation: activitylog.DelegatedBy}}, s.behalf...)
	for range 1 + s.r.IntN(2) {
		e := a.call(&h, t)
		correlate(e)
		t = t.Add(e.Duration + s.r.span(0.5, 3))
	}
	return t
}
