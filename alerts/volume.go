package alerts

import (
	"fmt"

	"github.com/activitylog/activitylog"
)

// judgeVolume finds actors who send far more messages than usual. Three gates stand in a row: unusual (above the mean by
// deviations), large against the actor's own (ratio), large in itself (support, impact). Several times that and above the record
// makes it medium, an improbable count high. Actors around the clock are judged by the hour besides.
func judgeVolume(v *view) []Finding {
	c := v.c.Volume
	messages := func(d *daySum) float64 { return float64(d.messages.Count) }
	org := v.orgDays(messages)
	first, last := v.daysJudged()
	pool := v.pooled(messages)
	var list []Finding
	for _, a := range v.actors {
		for i, d := range a.days {
			if d.day < first || d.day > last || d.messages.Count < c.Support {
				continue
			}
			h := v.past(a, i, c.History, VolumeSpikes, messages)
			mature := h.days >= c.Learning && len(h.active) >= c.Active
			var u usual
			if mature {
				if float64(d.messages.Count) <= c.Ratio*mean(h.active) {
					continue // as most days, so that the rest need not be counted
				}
				u = h.usual()
			} else if u = pool.before(d.day, c.History); u.active < 4*c.Active {
				continue // nobody to compare with either
			}
			if f, ok := v.volumeOf(a, d, &h, &u, mature, &org); ok {
				list = append(list, f)
			}
		}
		list = append(list, v.volumeByHour(a, first, last, &org)...)
	}
	return list
}

func (v *view) volumeOf(a *actorView, d *daySum, h *history, u *usual, mature bool, org *orgDays) (Finding, bool) {
	c := v.c.Volume
	x := float64(d.messages.Count)
	active, record := u.activeMean, u.record
	bound := max(u.mean+c.Deviations*u.spread, c.Ratio*active, float64(c.Support)-1)
	if x <= bound {
		return Finding{}, false
	}
	total, people := org.medianBefore(d.day, c.History)
	if people > float64(c.ImpactFrom) && x-active < c.Impact*total {
		return Finding{}, false
	}
	w := dayWindow(d.day, v.c.Zone)
	f := Finding{
		Rule: VolumeSpikes, Kind: "day", Severity: activitylog.Low, Subject: Subject{"user", a.id}, Window: w,
		Observed: x, Expected: active, Bound: bound, Unit: "messages",
		Baseline: Baseline{Method: "mean of active days", Size: u.active, From: h.from, To: h.to, Mature: mature},
		Raised:   v.crossing(d, bound, messageCountIn(v)),
		Filter:   activitylog.All(activitylog.ActedBy(a.id), activitylog.ActionUnder(messageAction), activitylog.Since(w.From), activitylog.Before(w.To)),
	}
	f.events(&d.messages)
	f.affect(a.id)
	tail := negativeBinomialTail(d.messages.Count, u.mean, u.spread*u.spread)
	f.Score = surprise(tail)
	if far := max(bound, c.Record*record, c.Far*active); mature && x > far {
		f.Severity = activitylog.Medium
		f.Reasons = append(f.Reasons, "above_record")
		f.Raised = v.crossing(d, far, messageCountIn(v))
		if tail < c.Tail {
			f.Severity = activitylog.High
		}
	}
	f.contribute("hour", v.hoursOf(d, messageCountIn(v)))
	f.contribute("action", v.actionsOf(d, messageCountIn(v)))
	peak := ""
	if len(f.Contributors) > 0 {
		peak = fmt.Sprintf("; the busiest hour, %s, had %s", f.Contributors[0].ID, figure(f.Contributors[0].Amount))
	}
	against := fmt.Sprintf("%s usually sends %s on an active day, and never more than %s in the %d days before", a.id, figure(active), figure(record), u.days)
	if !mature {
		against = fmt.Sprintf("%s is new, and members usually send %s on an active day", a.id, figure(active))
	}
	f.Explanation = fmt.Sprintf("%s sent %s messages on %s, %s times the usual: %s%s.", a.id, figure(x), dayName(d.day), times(x, active), against, peak)
	return f, true
}

// volumeByHour finds hours of actors around the clock in which they sent far more than ever.
func (v *view) volumeByHour(a *actorView, first, last int32, org *orgDays) []Finding {
	c := v.c.Volume
	g := hourGates{
		rule: VolumeSpikes, history: c.History, learning: c.Learning, active: c.Active, deviations: c.Deviations, ratio: c.HourRatio, record: c.HourRecord,
		value: messageCountIn(v),
		least: func(i int) float64 {
			total, _ := org.medianBefore(a.days[i].day, c.History)
			return c.Impact * total
		},
	}
	var list []Finding
	for _, h := range v.worstHours(a, first, last, &g) {
		if h.n < float64(c.Support) {
			continue
		}
		f := v.hourFound(a, &h, &g)
		f.Unit = "messages"
		f.Filter = activitylog.All(activitylog.ActedBy(a.id), activitylog.ActionUnder(messageAction), activitylog.Since(f.Window.From), activitylog.Before(f.Window.To))
		tail := negativeBinomialTail(int64(h.n), h.usual, h.spread*h.spread)
		if f.Score = surprise(tail); tail < c.Tail {
			f.Severity = activitylog.High
		}
		sum := v.hourOf(h.day, h.hour, func(k cellKey) bool { return isMessage(v.f.names.text(k.action)) })
		f.events(&sum)
		f.Explanation = fmt.Sprintf("%s, which works around the clock, sent %s messages in the hour from %s UTC, %s times the usual %s an hour; its busiest hour of the %d days before had %s.",
			a.id, figure(h.n), hourName(h.hour), times(h.n, h.usual), figure(h.usual), c.History, figure(h.most))
		list = append(list, f)
	}
	return list
}
