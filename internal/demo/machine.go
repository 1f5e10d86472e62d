package demo

import (
	"net/netip"
	"time"

	"github.com/activitylog/activitylog"
)

// integrationSpec is an integration that fetches data by itself.
type integrationSpec struct {
	name  string
	every int // hours
}

// machineAddr is where the platform's own services and the keys of customers come from.
func machineAddr(host byte) netip.Addr { return netip.AddrFrom4([4]byte{198, 19, 255, host}) }

// machines makes what runs by itself in an organization on one day.
func (o *org) machines(w *world, day time.Time) {
	r := roll(w.Seed, o.id+"/machines", day.Unix())
	o.agentRuns(w, r, day)
	o.syncs(w, r, day)
	o.automationRuns(w, r, day)
	o.keyRuns(w, r, day)
	s := &scene{w: w, o: o, r: r, origin: "job", labels: map[string]string{"env": "prod"}}
	for i, name := range []string{"Usage report", "Digest mail", "Retention job"} {
		s.actor = system(name)
		e := s.event(clock(day, 2+float64(i)*0.7+r.between(0, 0.1), o.loc), "system.job.run", thing("job", slug(name), name))
		e.Duration = r.span(1, 90)
		s.add(e)
	}
}

// agentRuns are the runs that agents begin by themselves, at night too.
func (o *org) agentRuns(w *world, r dice, day time.Time) {
	for _, a := range o.agents {
		if !a.owner.member(day) {
			continue
		}
		if !o.workday(day) && a.from > 6.5 {
			continue // it serves people who are not there
		}
		n := r.count(a.runs * w.Size)
		for i := range n { // spread, not in a heap
			part := (float64(i) + r.Float64()) / float64(n)
			a.run(w, o, r, clock(day, a.from+part*(a.to-a.from), o.loc), a.owner)
		}
	}
}

// syncs are the regular runs of the integrations.
func (o *org) syncs(w *world, r dice, day time.Time) {
	for i, x := range o.integrations {
		every := min(24, float64(o.orgSpec.integrations[i].every)/o.load)
		s := &scene{
			w: w, o: o, r: r, actor: service(x.Name + " connector"), origin: "job", credential: nameToken("crd_", x.ID),
			labels: map[string]string{"env": "prod"}, client: activitylog.Client{IP: machineAddr(10), UserAgent: "connector/3.8"},
		}
		if every < 12 {
			s.origin = "webhook" // the other side says when
		}
		for h := every / 2; h < 24; h += every {
			e := s.event(clock(day, h+r.between(0, 0.05), o.loc), "integration.sync", x)
			e.Duration = r.span(2, 200)
			s.add(e)
		}
	}
}

// automationRuns are the automations, each of which runs a skill under the authority of the owner.
func (o *org) automationRuns(w *world, r dice, day time.Time) {
	owner := o.people[0]
	for _, x := range o.shelf["automation"] {
		mean := 1.1 * w.Size
		if !o.workday(day) {
			mean *= 0.3
		}
		for range r.count(mean) {
			t := clock(day, r.between(5, 22), o.loc)
			s := &scene{
				w: w, o: o, r: r, actor: service("Automations"), behalf: []activitylog.Delegation{owner.delegates()}, origin: "system",
				labels: map[string]string{"env": "prod"},
			}
			run := s.do(t, "automation.run", x)
			if skill := o.any(r, "skill"); skill != nil && run.Outcome == activitylog.Success && r.chance(0.4) {
				e := s.event(t.Add(r.span(0.1, 3)), "skill.run", skill)
				e.Request.CausationID = run.ID.String()
				s.add(e)
			}
		}
	}
}

// keyRuns are the calls of an API key, in working hours.
func (o *org) keyRuns(w *world, r dice, day time.Time) {
	if !o.workday(day) {
		return
	}
	key := o.shelf["key"][0]
	s := &scene{
		w: w, o: o, r: r, actor: activitylog.Actor{Type: activitylog.APIKey, ID: key.ID, Name: key.Name}, origin: "api", credential: key.ID,
		labels: map[string]string{"env": "prod"}, client: activitylog.Client{IP: machineAddr(40), UserAgent: "activity-client/1.9"},
	}
	for range r.count(2.2 * w.Size) {
		t := clock(day, r.between(7, 19), o.loc)
		if r.chance(0.25) {
			s.do(t, "data.import", o.any(r, "file"))
		} else {
			s.do(t, "skill.run", o.any(r, "skill"))
		}
	}
}

// platformDay is what concerns no single organization: signs of life and, now and then, a new version.
func (w *world) platformDay(day time.Time) {
	r := roll(w.Seed, "platform", day.Unix())
	o := &org{orgSpec: &orgSpec{id: activitylog.SystemOrg}}
	s := &scene{w: w, o: o, r: r, actor: system("Platform"), origin: "system", smooth: true, labels: map[string]string{"env": "prod"}}
	here := thing("system", "platform", "Platform")
	for h := 0.0; h < 24; h += 6 {
		s.do(clock(day, h+r.between(0, 0.02), time.UTC), "system.canary", here)
	}
	if !weekend(day) && day.YearDay()%6 == 0 {
		t := clock(day, r.between(4, 5), time.UTC)
		s.do(t, "system.migration", here)
		s.do(t.Add(r.span(5, 40)), "system.startup", here)
	}
}
