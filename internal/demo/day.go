package demo

import (
	"slices"
	"time"
)

// personDay makes what one person does on one day.
func (o *org) personDay(w *world, p *person, day time.Time) {
	if !p.present(day) {
		return
	}
	r := roll(w.Seed, o.id+"/"+p.ID, day.Unix())
	acts, extra := o.workload(r, p, day)
	if acts+extra == 0 {
		return
	}
	device := atHome
	if o.workday(day) && r.chance(p.desk) {
		device = atDesk
	}
	times := p.hours(r, day, acts+extra)
	s := o.sceneOf(w, r, p, device)
	if day.Equal(p.joins) {
		o.firstDay(w, r, p, times[0])
		s.signIn(p, device, times[0])
	} else if r.chance(0.72) {
		s.signIn(p, device, times[0])
	}
	chats := 0
	if !weekend(day) {
		chats = r.count(float64(acts)*p.chat) + extra
	}
	for i, t := range times {
		at := s
		if r.chance(0.07) {
			at = o.sceneOf(w, r, p, onPhone)
		} else if p.is == engineering && r.chance(0.08) {
			at = s.terminal()
		}
		// Messages are spread over the day.
		if i*chats/len(times) != (i+1)*chats/len(times) {
			at.chat(p, t)
		} else {
			at.duty(p, t)
		}
	}
	if end := times[len(times)-1]; r.chance(0.22) {
		s.do(end.Add(r.span(60, 900)), "auth.logout", p.record)
		p.sessions[device] = ""
	}
}

// terminal is the same scene in a terminal.
func (s *scene) terminal() *scene {
	t := *s
	t.origin, t.client.UserAgent, t.session, t.credential = "cli", terminalAgent, "", nameToken("tok_", s.actor.ID)
	return &t
}

// workload is how much a person does on day: their usual acts, and extra messages when the whole organization is busy.
func (o *org) workload(r dice, p *person, day time.Time) (acts, extra int) {
	switch {
	case weekend(day):
		if r.chance(p.weekend) {
			acts = 1 + r.count(1.5*o.load)
		}
		return acts, 0
	case day.Equal(o.holiday) && p.Zone == o.zone, r.chance(0.04): // 4 % are ill or on the road
		return 0, 0
	}
	mean := p.rate * weekdays[day.Weekday()]
	return r.count(mean), r.count(mean * p.chat * (o.bends.rush(day) - 1))
}

// hours are n moments of a person's working day, in order: fewer at lunch and towards the end.
func (p *person) hours(r dice, day time.Time, n int) []time.Time {
	from, to := p.starts+r.between(-0.3, 0.3), p.ends+r.between(-0.4, 0.4)
	if weekend(day) {
		from, to = from+1.5, to-1.5
	}
	times := make([]time.Time, 0, n)
	for len(times) < n {
		h := r.between(from, to)
		quiet := h > 12.2 && h < 13.1 && r.chance(0.6) || h > to-0.8 && r.chance(0.4)
		if !quiet {
			times = append(times, clock(day, h, p.loc))
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// workMoment is one moment of a person's working day.
func (p *person) workMoment(r dice, day time.Time) time.Time {
	return clock(day, r.between(p.starts+0.8, p.ends-0.8), p.loc)
}

// signIn opens a new session shortly before t, now and then after an attempt that failed.
func (s *scene) signIn(p *person, device int, t time.Time) {
	s.session = s.r.token("ses_", 10)
	t = t.Add(-s.r.span(15, 140))
	if s.r.chance(0.045) {
		for i := range 1 + s.r.IntN(2) {
			e := s.event(t.Add(-time.Duration(20*(2-i))*time.Second-s.r.span(0, 9)), "auth.login", p.record)
			x := s.r.Float64()
			for _, m := range typos {
				e.Outcome, e.ErrorCode, e.Reason = m.outcome, m.code, m.reason
				if x -= m.share; x < 0 {
					break
				}
			}
			e.Request.SessionID = ""
			s.add(e)
		}
	}
	s.do(t, "auth.login", p.record, thing("session", s.session, ""))
	p.sessions[device] = s.session
}
