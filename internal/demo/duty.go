package demo

import (
	"time"

	"github.com/activitylog/activitylog"
)

// duty is one of the things that a person does beside talking to models.
func (s *scene) duty(p *person, t time.Time) {
	total := 0.0
	for _, d := range duties {
		if d.by&p.is != 0 {
			total += d.weight
		}
	}
	x := s.r.between(0, total)
	for _, d := range duties {
		if d.by&p.is == 0 {
			continue
		}
		if x -= d.weight; x < 0 {
			s.perform(p, t, d)
			return
		}
	}
}

// perform does a duty to something at hand.
func (s *scene) perform(p *person, t time.Time, d duty) {
	o, r := s.o, s.r
	switch d.action {
	case "access.denied":
		e := s.event(t, d.action, o.forbidden(r))
		e.Outcome, e.ErrorCode, e.Reason = activitylog.Denied, "403", "not a member of the project"
		s.add(e)
	case "audit.view":
		s.do(t, d.action, thing("log range", "last-7-days", "last 7 days"))
	case "data.import":
		x := o.create(r, "file")
		if s.do(t, d.action, x).Outcome == activitylog.Success {
			o.arrive(x, t)
		}
	case "data.delete":
		if x := o.leaving(); x != nil {
			s.do(t, d.action, x)
		} else {
			s.do(t, "data.view", o.near(r, p, "file"))
		}
	case "channel.member.add", "channel.member.remove":
		s.do(t, d.action, o.near(r, p, d.kind), o.other(r, dayOf(t, p.loc), p).record)
	default:
		x := o.near(r, p, d.kind)
		if x == nil { // there is none of that kind
			s.do(t, "data.view", o.near(r, p, "file"))
			return
		}
		e := s.event(t, d.action, x)
		if (verb(d.action) == "update" || d.action == "data.share") && e.Outcome == activitylog.Success {
			s.addChanged(e, x.change)
		} else {
			s.add(e)
		}
	}
}

// forbidden is a project's file that others may not see.
func (o *org) forbidden(r dice) *object {
	x := *o.any(r, "file")
	x.Type = "resource"
	return &x
}

// verb is the last part of an action.
func verb(action string) string {
	for i := len(action) - 1; i >= 0; i-- {
		if action[i] == '.' {
			return action[i+1:]
		}
	}
	return action
}
