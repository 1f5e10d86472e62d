package demo

import (
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
)

// volumeSpike is one person who lets a script send messages all day, to the cheapest model.
func volumeSpike(o *org) incident {
	p := o.named("Kyle Brennan")
	from := clock(o.workdayBack(3), 9.8, o.loc)
	i := incident{Incident: Incident{
		Alert: "volume_spike", Org: o.id, Subject: p.ID, From: from, To: from.Add(6*time.Hour + 30*time.Minute),
		What: p.Name + " sends 240 messages more than on any day before: a script answers old claims in that name.",
	}}
	i.starts(func(w *world) {
		r := roll(w.Seed, "incident/volume", 0)
		s := o.sceneOf(w, r, p, atDesk)
		s.origin, s.smooth = "api", true
		saved := p.talk
		for n := range 240 {
			p.talk = conversation{object: thing("conversation", r.token("cnv_", 10), ""), channel: o.any(r, "channel"), model: modelNamed("aurora-2-flash")}
			p.talk.project = p.talk.channel.project
			s.message(p, from.Add(time.Duration(n)*95*time.Second+r.span(0, 60)), 0.1)
		}
		p.talk = saved
	})
	return i.finish(activitylog.ActionIs("ai.message.send"), activitylog.ActedBy(p.ID))
}

// offHours is one person at work in the middle of the night, who never was.
func offHours(o *org) incident {
	p := o.named("Rohan Mehta")
	from := clock(o.workdayBack(3), 1.8, o.loc)
	i := incident{Incident: Incident{
		Alert: "off_hours", Org: o.id, Subject: p.ID, From: from, To: from.Add(4 * time.Hour),
		What: p.Name + " works from 01:50 to 05:30 at night, reads patients' files and exports a data set.",
	}}
	i.starts(func(w *world) {
		r := roll(w.Seed, "incident/off_hours", 0)
		s := o.sceneOf(w, r, p, atHome)
		s.smooth = true
		s.signIn(p, atHome, from.Add(3*time.Minute))
		for n := range 24 {
			t := from.Add(4*time.Minute + time.Duration(n)*9*time.Minute + r.span(0, 400))
			switch {
			case n == 19:
				s.do(t, "data.export", o.any(r, "dataset"))
			case n%4 == 0:
				s.chat(p, t)
			default:
				s.do(t, "data.view", o.any(r, "file"))
			}
		}
	})
	return i.finish(activitylog.ActedBy(p.ID))
}

// costAnomaly is one person who sends no more messages than usual, but very long ones.
func costAnomaly(o *org) incident {
	p := o.named("Priya Raman")
	day := o.workdayBack(3)
	p.away = append(p.away, [2]time.Time{day, day.AddDate(0, 0, 1)}) // from the usual work: all of this day stands here
	from := clock(day, 10, p.loc)
	i := incident{Incident: Incident{
		Alert: "cost_anomaly", Org: o.id, Subject: p.ID, From: from, To: from.Add(7 * time.Hour),
		What: p.Name + " puts a whole archive into every message of one day: no more messages than usual, at many times the cost.",
	}}
	i.starts(func(w *world) {
		r := roll(w.Seed, "incident/cost", 0)
		s := o.sceneOf(w, r, p, atHome)
		s.smooth = true
		saved := p.talk
		p.talk = conversation{object: thing("conversation", r.token("cnv_", 10), ""), channel: o.near(r, p, "channel"), model: modelNamed("quill-3-large")}
		p.talk.project = p.talk.channel.project
		s.signIn(p, atHome, from.Add(3*time.Minute))
		for n := range 8 {
			t := from.Add(4*time.Minute + time.Duration(n)*50*time.Minute + r.span(0, 1200))
			s.message(p, t, 12)
			s.do(t.Add(r.span(100, 900)), "data.view", o.near(r, p, "file"))
		}
		p.talk = saved
	})
	return i.finish(activitylog.ActedBy(p.ID), activitylog.CostAtLeast(0))
}

// escalation is somebody who makes themselves owner.
func escalation(o *org) incident {
	p := o.named("Owen Pike")
	from := clock(o.workdayBack(4), 16.9, o.loc)
	i := incident{Incident: Incident{
		Alert: "privilege_escalation", Org: o.id, Subject: p.ID, From: from, To: from.Add(time.Hour),
		What: p.Name + ", who keeps the books, makes himself an owner and switches off the second factor for exports.",
	}}
	i.starts(func(w *world) {
		r := roll(w.Seed, "incident/escalation", 0)
		s := o.sceneOf(w, r, p, atDesk)
		s.smooth = true
		e := s.event(from.Add(r.span(1, 200)), "member.role.change", p.record, thing("role", "owner", "owner"))
		e.Message = p.Name + " changed " + p.Name + " from billing to owner"
		s.addChanged(e, func(dice) []activitylog.Change { return []activitylog.Change{p.record.set("role", "owner")} })
		p.Roles = []string{"owner"}
		s.actor = p.Actor
		e = s.event(from.Add(r.span(300, 700)), "org.settings.change", o.record)
		e.Changes = []activitylog.Change{{Path: "exports.require_mfa", Old: true, New: false}}
		s.add(e)
		e = s.event(from.Add(r.span(800, 1500)), "access.grant", thing("resource", o.shelf["dataset"][1].ID, o.shelf["dataset"][1].Name), p.record)
		e.Changes = []activitylog.Change{{Path: "permission", New: "admin"}}
		s.add(e)
	})
	return i.finish(activitylog.ActionIs("member.role.change", "access.grant"), activitylog.ActedBy(p.ID), activitylog.TargetIs("user", p.ID))
}

// massDeletion is many files gone within minutes, in one operation.
func massDeletion(o *org) incident {
	p := o.named("Kavya Nair")
	from := clock(o.workdayBack(2), 16.2, o.loc)
	i := incident{Incident: Incident{
		Alert: "mass_deletion", Org: o.id, Subject: p.ID, From: from, To: from.Add(10 * time.Minute),
		What: p.Name + " deletes 48 records of a trial within seven minutes.",
	}}
	i.starts(func(w *world) {
		r := roll(w.Seed, "incident/deletion", 0)
		s := o.sceneOf(w, r, p, atDesk)
		s.smooth = true
		op := r.token("op_", 10)
		in := o.shelf["project"][1]
		for n := range 48 {
			name := fmt.Sprintf("visit-%04d.pdf", 231+n)
			x := thing("file", nameToken("fil_", o.id+name), name)
			x.project, x.ParentType, x.ParentID = in.ID, in.Type, in.ID
			e := s.event(from.Add(time.Duration(n)*8*time.Second+r.span(0, 6)), "data.delete", x)
			e.Request.CorrelationID = op
			s.add(e)
		}
	})
	return i.finish(activitylog.ActionIs("data.delete"), activitylog.ActedBy(p.ID))
}

// massExport is somebody who takes along all there is, at the end of a day.
func massExport(o *org) incident {
	p := o.named("Renee Whitaker")
	from := clock(o.workdayBack(6), 16.4, o.loc)
	i := incident{Incident: Incident{
		Alert: "mass_export", Org: o.id, Subject: p.ID, From: from, To: from.Add(30 * time.Minute),
		What: p.Name + " exports 42 customer lists in half an hour, more than a hundred thousand rows.",
	}}
	i.starts(func(w *world) {
		r := roll(w.Seed, "incident/export", 0)
		s := o.sceneOf(w, r, p, atDesk)
		s.smooth = true
		for n := range 42 {
			name := fmt.Sprintf("Customer accounts, region %d", n+1)
			e := s.event(from.Add(time.Duration(n)*40*time.Second+r.span(0, 30)), "data.export", thing("dataset", nameToken("dst_", o.id+name), name))
			rows := 2500 + r.IntN(2000)
			e.Metadata = map[string]any{"format": "csv", "rows": rows, "bytes": rows * 210}
			s.add(e)
		}
	})
	return i.finish(activitylog.ActionIs("data.export"), activitylog.ActedBy(p.ID))
}
