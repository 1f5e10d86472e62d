package demo

import (
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// plan lays out the incidents. Those that bend what is usual set the bends of their organization; the others bring
// their own events.
func plan(w *world) []incident {
	northwind, harborline, tamarind := w.orgs[0], w.orgs[1], w.orgs[2]
	list := []incident{
		bruteForce(northwind), spray(harborline),
		volumeSpike(harborline),
		offHours(tamarind),
		costAnomaly(northwind),
		spendSpike(northwind), spendRamp(w, harborline),
		firstUse(w, northwind),
		outage(northwind),
		escalation(harborline), massDeletion(tamarind), massExport(harborline), revival(northwind),
	}
	list = slices.DeleteFunc(list, func(i incident) bool { return i.From.Before(w.from) })
	slices.SortStableFunc(list, func(a, b incident) int { return a.From.Compare(b.From) })
	return list
}

// spendSpike is a day before a launch, on which everybody asks the models far more than usual.
func spendSpike(o *org) incident {
	day := o.workdayBack(7)
	o.bends.rushDay = day
	i := incident{Incident: Incident{
		Alert: "org_spend_spike", Org: o.id, Subject: o.id, From: clock(day, 0, o.loc), To: clock(day, 24, o.loc),
		What: "On the day before a launch everybody sends more than twice as many messages; hardly anybody stands out.",
	}}
	return i.finish(activitylog.CostAtLeast(0))
}

// rampLength is how many days the slow rise takes.
const rampLength = 13

// spendRamp is a slow rise that no single day gives away.
func spendRamp(w *world, o *org) incident {
	o.bends.ramp, o.bends.rampDays = clock(o.lastDay.AddDate(0, 0, -rampLength), 0, o.loc), rampLength
	i := incident{Incident: Incident{
		Alert: "org_spend_spike", Org: o.id, Subject: o.id, From: o.bends.ramp, To: w.End,
		What: "Conversations grow longer day by day, to twice the usual length: the week costs much more than those before.",
	}}
	return i.finish(activitylog.CostAtLeast(0))
}

// firstUse is the arrival of a model that nobody used before.
func firstUse(w *world, o *org) incident {
	first := o.named("Mei Tanaka")
	day := o.lastDay.AddDate(0, 0, -5)
	o.bends.release = clock(day, 10.2, first.loc)
	o.bends.releaseModel = modelNamed(newModel)
	o.bends.triers = []*person{first}
	for _, p := range o.people {
		if p.is&builders != 0 && p != first && len(o.bends.triers) < 14 {
			o.bends.triers = append(o.bends.triers, p)
		}
	}
	i := incident{Incident: Incident{
		Alert: "new_model", Org: o.id, Subject: newModel, From: o.bends.release, To: w.End,
		What: first.Name + " is the first to use " + newModel + ", of a provider that is new too; others follow.",
	}}
	eve := day.AddDate(0, 0, -1)
	for !o.workday(eve) {
		eve = eve.AddDate(0, 0, -1)
	}
	allowed := clock(eve, 15.4, o.loc)
	i.moments = append(i.moments, moment{allowed, func(w *world) {
		s := o.sceneOf(w, roll(w.Seed, "incident/model_enable", 0), o.named("Katrin Vogel"), atDesk)
		s.do(allowed, "ai.model.enable", thing("model", newModel, newModel))
	}})
	i.starts(func(w *world) {
		r := roll(w.Seed, "incident/new_model", 0)
		s := o.sceneOf(w, r, first, atHome)
		s.smooth = true
		first.talk = conversation{object: thing("conversation", r.token("cnv_", 10), ""), channel: o.any(r, "channel"), model: modelNamed(newModel)}
		t := i.From
		for range 6 {
			s.message(first, t, 1)
			t = t.Add(r.span(60, 400))
		}
	})
	return i.finish(activitylog.ModelIs(newModel))
}

// outage is 40 minutes in which the provider of most models does not answer.
func outage(o *org) incident {
	from := clock(o.workdayBack(2), 14.1, o.loc)
	o.bends.outage, o.bends.provider = [2]time.Time{from, from.Add(40 * time.Minute)}, "inkwell"
	i := incident{Incident: Incident{
		Alert: "error_rate", Org: o.id, Subject: "inkwell", From: from, To: from.Add(40 * time.Minute),
		What: "The provider inkwell is out for 40 minutes: nearly all messages to its models fail. People try again, with its other model, and go elsewhere.",
	}}
	i.starts(func(w *world) {
		r := roll(w.Seed, "incident/error_rate", 0)
		day := dayOf(from, o.loc)
		for _, p := range o.people {
			working := p.present(day) && clock(day, p.starts, p.loc).Before(from) && clock(day, p.ends, p.loc).After(i.To)
			if !working || p.model.provider != o.bends.provider || r.chance(0.2) {
				continue
			}
			s := o.sceneOf(w, r, p, atHome)
			p.talk = conversation{object: thing("conversation", r.token("cnv_", 10), ""), channel: o.near(r, p, "channel"), model: p.model}
			t := from.Add(r.span(0, 1400))
			for range 1 + r.IntN(3) {
				s.message(p, t, 1)
				t = t.Add(r.span(30, 300))
			}
			for _, m := range []string{"quill-3-mini", "quill-3-large", "aurora-2-flash"} { // the last is another provider's
				if m != p.model.name {
					p.talk.model = modelNamed(m)
					s.message(p, t, 1)
					t = t.Add(r.span(30, 200))
				}
			}
		}
	})
	return i.finish(activitylog.ActionIs("ai.message.send"), activitylog.OutcomeIs(activitylog.Failure))
}
