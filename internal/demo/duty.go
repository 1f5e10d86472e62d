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
		if s.do(t, d.action, x).Outcome != activitylog.Success {
			o.drop(x)
		}
	case "data.delete":
		x := o.passing(r, "file")
		if x == nil {
			s.do(t, "data.view", o.near(r, p, "file"))
			return
		}
		s.do(t, d.action, x)
		o.drop(x)
	case "channel.member.add", "channel.member.remove":
		s.do(t, d.action, o.near(r, p, d.kind), o.other(r, dayOf(t, p.loc), p).record)
	default:
		x := o.near(r, p, d.kind)
		e := s.event(t, d.action, x)
		if verb(d.action) == "update" && e.Outcome == activitylog.Success {
			e.Changes = x.change(r)
		}
		if d.action == "data.share" && e.Outcome == activitylog.Success {
			e.Changes = append(e.Changes, x.set("shared_with", one(r, kinds["file"].fields[0].values)))
		}
		s.add(e)
	}
}

// forbidden is a project's file that others may not see.
func (o *org) forbidden(r dice) *object {
	x := *o.any(r, "file")
	x.Type = "resource"
	return &x
}

// passing is an object that was made on the way and may go again, nil if there is none.
func (o *org) passing(r dice, kindName string) *object {
	list := o.shelf[kindName]
	for range 40 {
		if x := one(r, list); !x.keep {
			return x
		}
	}
	return nil
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
