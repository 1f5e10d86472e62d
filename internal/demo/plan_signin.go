package demo

import (
	"net/netip"
	"time"

	"github.com/activitylog/activitylog"
)

// stranger is somebody who is not signed in, at an address that nobody here uses.
func (o *org) stranger(w *world, r dice, address, country string) *scene {
	return &scene{
		w: w, o: o, r: r, origin: "api", smooth: true,
		client: activitylog.Client{IP: netip.MustParseAddr(address), UserAgent: attackAgent, Country: country, ASN: attackASN},
	}
}

// attempt is one try to sign in as p with a password.
func (s *scene) attempt(p *person, t time.Time, works bool) *activitylog.Event {
	s.actor = p.Actor
	e := s.event(t, "auth.login", p.record)
	e.Metadata = map[string]any{"auth_method": "password", "mfa": false}
	if !works {
		e.Outcome, e.ErrorCode, e.Reason = activitylog.Failure, "bad_password", "wrong password"
	}
	return s.add(e)
}

// bruteForce is one account whose password somebody tries until it is found. The intruder looks around; two hours later
// an admin locks them out.
func bruteForce(o *org) incident {
	victim := o.named("Jonas Weber")
	from := clock(o.workdayBack(1), 12.7, o.loc)
	i := incident{Incident: Incident{
		Alert: "login_failures", Org: o.id, Subject: victim.ID, From: from, To: from.Add(45 * time.Minute),
		What: "Somebody guesses the password of " + victim.Name + " from " + bruteForcer + " and gets in after 46 attempts.",
	}}
	i.starts(func(w *world) {
		r := roll(w.Seed, "incident/brute_force", 0)
		s, t := o.stranger(w, r, bruteForcer, "ZZ"), from
		for range 46 {
			s.attempt(victim, t, false)
			t = t.Add(r.span(6, 22))
		}
		s.session = r.token("ses_", 10)
		s.attempt(victim, t, true)
		for range 7 {
			t = t.Add(r.span(15, 70))
			s.do(t, "data.view", o.any(r, "file"))
		}
		e := s.event(t.Add(r.span(20, 60)), "data.export", o.any(r, "dataset"))
		e.Outcome, e.ErrorCode, e.Reason = activitylog.Denied, "mfa_required", "exports need a second factor"
		s.add(e)
		o.lockOut(w, r, victim, s.session, t.Add(r.span(6000, 8000)))
	})
	return i.finish(activitylog.IPIn(netip.PrefixFrom(netip.MustParseAddr(bruteForcer), 32)))
}

// lockOut is how an admin answers: the session ends, the password goes, and the person sets up a second factor.
func (o *org) lockOut(w *world, r dice, victim *person, session string, t time.Time) {
	admin := o.named("Katrin Vogel")
	s := o.sceneOf(w, r, admin, atDesk)
	s.smooth = true
	e := s.event(t, "auth.session.revoke", thing("session", session, "the session from "+bruteForcer))
	e.Reason = "not " + victim.Name + " by their own account"
	s.add(e)
	e = s.event(t.Add(r.span(30, 90)), "auth.password.reset", victim.record)
	e.Changes = []activitylog.Change{secret("password", true)}
	s.add(e)
	s = o.sceneOf(w, r, victim, atDesk)
	e = s.event(t.Add(r.span(900, 1500)), "auth.mfa.enroll", victim.record)
	e.Changes = []activitylog.Change{secret("mfa_seed", false)}
	s.add(e)
}

// spray is two passwords tried on many accounts from one address. Some of the accounts do not exist.
func spray(o *org) incident {
	from := clock(o.workdayBack(5), 11.3, o.loc)
	i := incident{Incident: Incident{
		Alert: "login_failures", Org: o.id, Subject: sprayer, From: from, To: from.Add(50 * time.Minute),
		What: "Two passwords are tried on 19 accounts and 4 that do not exist, all from " + sprayer + "; none opens.",
	}}
	i.starts(func(w *world) {
		r := roll(w.Seed, "incident/spray", 0)
		s, t := o.stranger(w, r, sprayer, "ZZ"), from
		for range 2 {
			tried := 0
			for _, p := range o.people {
				if tried < 19 && p.member(dayOf(from, o.loc)) {
					s.attempt(p, t, false)
					t, tried = t.Add(r.span(20, 70)), tried+1
				}
			}
			for _, mailbox := range []string{"admin", "info", "sales", "root"} {
				s.actor = activitylog.Actor{Type: activitylog.Anonymous, Email: mailbox + "@" + o.domain}
				e := s.event(t, "auth.login")
				e.Outcome, e.ErrorCode, e.Reason = activitylog.Failure, "unknown_account", "no such account"
				s.add(e)
				t = t.Add(r.span(20, 70))
			}
		}
	})
	return i.finish(activitylog.ActionIs("auth.login"), activitylog.IPIn(netip.PrefixFrom(netip.MustParseAddr(sprayer), 32)))
}

// idleDays is how long the dormant account was not used.
const idleDays = 94

// revival is an account that nobody used for three months and that comes back from elsewhere.
func revival(o *org) incident {
	p := o.named("Viktor Hahn")
	from := clock(o.workdayBack(4), 10.6, o.loc)
	i := incident{Incident: Incident{
		Alert: "dormant_revival", Org: o.id, Subject: p.ID, From: from, To: from.Add(time.Hour),
		What: p.Name + " signs in for the first time in 94 days, from an unknown address, and makes an API key.",
	}}
	before := from.AddDate(0, 0, -idleDays)
	i.moments = append(i.moments, moment{before, func(w *world) {
		r := roll(w.Seed, "incident/dormant", 0)
		s := o.sceneOf(w, r, p, atHome)
		s.smooth = true
		s.do(before, "auth.login", p.record)
		s.do(before.Add(r.span(200, 400)), "data.view", o.any(r, "file"))
		s.do(before.Add(r.span(500, 900)), "auth.logout", p.record)
	}})
	i.starts(func(w *world) {
		r := roll(w.Seed, "incident/dormant", 1)
		s := o.stranger(w, r, dormantClient, "ZZ")
		s.client.UserAgent, s.session = desktopAgents[3], r.token("ses_", 10)
		s.attempt(p, from, true)
		t := from
		for range 4 {
			t = t.Add(r.span(30, 120))
			s.do(t, "data.view", o.any(r, "dataset"))
		}
		key := o.create(r, "key")
		e := s.event(t.Add(r.span(60, 200)), "apikey.create", key)
		e.Changes = append(key.all(), secret("key", false))
		s.add(e)
	})
	return i.finish(activitylog.ActedBy(p.ID))
}
