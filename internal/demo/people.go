package demo

import (
	"time"

	"github.com/activitylog/activitylog"
)

// newcomers makes the invitations of those who join two working days later, the farewell of those who leave, and the
// founding of an organization that is new.
func (o *org) newcomers(w *world, day time.Time) {
	r := roll(w.Seed, o.id+"/people", day.Unix())
	if day.Equal(o.opened) {
		o.found(w, r, day)
	}
	for _, p := range o.people {
		if p.joins.After(o.opened) && o.workday(day) && o.workdayAfter(day, 2).Equal(p.joins) {
			o.invite(w, r, p, day)
		}
		if p.leaves.Equal(day) {
			boss := o.someone(r, operations, day, p)
			s := o.sceneOf(w, r, boss, atHome)
			e := s.event(boss.workMoment(r, day), "member.remove", p.record)
			e.Reason = "left the company"
			s.add(e)
		}
	}
}

// invite asks p in, unless a directory adds people by itself.
func (o *org) invite(w *world, r dice, p *person, day time.Time) {
	role := thing("role", "member", "member")
	if o.directory {
		s := &scene{w: w, o: o, r: r, actor: service("Directory sync"), origin: "api", credential: nameToken("crd_", o.id+"/scim"), smooth: true}
		s.do(clock(day, r.between(5, 6), o.loc), "member.add", p.record, role)
		return
	}
	boss := o.someone(r, operations, day)
	s := o.sceneOf(w, r, boss, atHome)
	s.smooth = true
	s.do(boss.workMoment(r, day), "member.invite", p.record, role)
}

// firstDay is what somebody does on the first day, before t.
func (o *org) firstDay(w *world, r dice, p *person, t time.Time) {
	s := o.sceneOf(w, r, p, atHome)
	s.session = ""
	if !o.opened.Equal(p.joins) && !o.directory {
		s.do(t.Add(-r.span(800, 1200)), "member.invite.accept", p.record)
	}
	e := s.event(t.Add(-r.span(300, 700)), "auth.mfa.enroll", p.record)
	e.Changes = []activitylog.Change{secret("mfa_seed", false)}
	s.add(e)
}

// found begins an organization: somebody creates it and adds the others.
func (o *org) found(w *world, r dice, day time.Time) {
	founder := o.people[0]
	s := o.sceneOf(w, r, founder, atHome)
	s.smooth = true
	t := clock(day, founder.starts-0.6, founder.loc)
	e := s.event(t, "org.create", o.record)
	e.Changes = o.record.all()
	s.add(e)
	for _, p := range o.people[1:] {
		t = t.Add(r.span(30, 90))
		s.do(t, "member.add", p.record, thing("role", p.Roles[0], p.Roles[0]))
	}
}

// supportVisit lets somebody of the vendor's support act as one of the people, to see what they see.
func (o *org) supportVisit(w *world, r dice, day time.Time) {
	helper := one(r, supportTeam)
	p := o.other(r, day, nil)
	email := mailbox(helper.name) + "@" + vendorDomain
	s := &scene{
		w: w, o: o, r: r, origin: "ui", session: r.token("ses_", 10), smooth: true,
		actor: activitylog.Actor{
			Type: activitylog.Support, ID: nameToken("sup_", email), Name: helper.name, Email: email,
			Roles: []string{"support"}, Zone: helper.zone, Org: "platform",
		},
		client: activitylog.Client{IP: machineAddr(200), UserAgent: desktopAgents[0], ASN: 64510},
	}
	ticket := "SUP-" + r.token("", 4)
	s.labels = map[string]string{"ticket": ticket}
	t := p.workMoment(r, day)
	start := s.event(t, "auth.impersonate.start", p.record)
	start.Reason, start.Metadata = "asked for help in "+ticket, map[string]any{"consent": true, "max_minutes": 30}
	s.add(start)
	s.behalf = []activitylog.Delegation{{Actor: p.Actor, Relation: activitylog.Impersonates}}
	for range 2 + r.IntN(4) {
		t = t.Add(r.span(20, 150))
		s.do(t, "data.view", o.near(r, p, "file")).Request.CausationID = start.ID.String()
	}
	s.behalf = nil
	t = t.Add(r.span(20, 90))
	s.do(t, "auth.impersonate.stop", p.record).Request.CausationID = start.ID.String()
	if r.chance(0.5) { // support looks, the customer changes
		x := o.near(r, p, "channel")
		own := o.sceneOf(w, r, p, atHome)
		own.smooth = true
		e := own.event(t.Add(r.span(60, 400)), "channel.update", x)
		e.Reason = "as support said in " + ticket
		own.addChanged(e, x.change)
	}
}
