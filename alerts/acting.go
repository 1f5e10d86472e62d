package alerts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// judgeImpersonation tells of everyone who acts as somebody else, one finding for each actor and day: it is information
// as long as it is looking, medium where something is changed, has no end, or hits many people.
func judgeImpersonation(v *view) []Finding {
	type actorDay struct {
		actor string
		day   int32
	}
	days := map[actorDay][]*Mark{}
	ends := map[string][]time.Time{}
	var order []actorDay
	for _, m := range v.marks {
		if m.Class&impersonationEnd != 0 {
			ends[m.Actor] = append(ends[m.Actor], m.Time)
		}
		if m.Class&impersonation == 0 || m.Outcome == activitylog.Failure || m.Outcome == activitylog.Denied {
			continue
		}
		k := actorDay{m.Actor, localDay(m.Time, v.c.Zone)}
		if days[k] == nil {
			order = append(order, k)
		}
		days[k] = append(days[k], m)
	}
	var list []Finding
	for _, k := range order {
		list = append(list, v.impersonated(k.actor, k.day, days[k], ends[k.actor]))
	}
	return list
}

func (v *view) impersonated(actor string, day int32, marks []*Mark, ends []time.Time) Finding {
	c := v.c.Impersonation
	w := Window{marks[0].Time, marks[len(marks)-1].Time.Add(time.Microsecond)}
	ids := make([]At, len(marks))
	var people []string
	writes := 0
	var begun time.Time
	for i, m := range marks {
		ids[i] = At{m.Time, m.ID}
		if m.Action == "auth.impersonate.start" {
			begun = m.Time
			people = append(people, m.Users...)
		} else {
			writes++
			people = append(people, m.As)
		}
	}
	f := Finding{
		Rule: Impersonation, Kind: "actor_day", Severity: activitylog.Info, Subject: Subject{"user", actor}, Window: w, Raised: marks[0].Time.Add(time.Microsecond),
		Observed: float64(len(marks)), Unit: "acts as somebody else", Baseline: Baseline{Method: "none is expected", Mature: true}, Filter: activitylog.IDIs(idsOf(ids)...),
	}
	f.marks(marks)
	f.affect(people...)
	text := "nothing was changed"
	if writes > 0 {
		f.Severity, f.Reasons = activitylog.Medium, append(f.Reasons, "changed_something")
		text = plural(writes, "thing was", "things were") + " changed under that name"
	}
	if f.AffectedTotal > c.PerDay {
		f.Severity, f.Reasons = activitylog.Medium, append(f.Reasons, "many_people")
	}
	if !begun.IsZero() && v.at.Sub(begun) >= c.Length && !slices.ContainsFunc(ends, func(t time.Time) bool { return !t.Before(begun) && t.Sub(begun) <= c.Length }) {
		f.Severity, f.Reasons = activitylog.Medium, append(f.Reasons, "no_end")
		text += fmt.Sprintf(", and no end was recorded within %s", span(c.Length))
	}
	f.Score = 25 * rank(f.Severity)
	f.Explanation = fmt.Sprintf("%s acted as %s on %s, %s; %s. None is expected.", nobody(actor), some(f.Affected), dayName(day), plural(len(marks), "time", "times"), text)
	return f
}

// judgeDormant finds accounts that come back after a long time. Failures do not count as life.
func judgeDormant(v *view) []Finding {
	c := v.c.Dormant
	days := map[uint32][]int32{}
	for k, f := range v.f.firsts {
		if k.dim == ofDay && f.Time.Before(v.at) {
			days[k.actor] = append(days[k.actor], k.day)
		}
	}
	var list []Finding
	for actor, active := range days {
		slices.Sort(active)
		for i := 1; i < len(active); i++ {
			if active[i]-active[i-1] <= int32(c.Days) {
				continue
			}
			k := firstKey{dim: ofDay, actor: actor, day: active[i]}
			back := v.f.firsts[k]
			w := Window{back.Time, timeOf(quarterOf(back.Time) + 4*24)}
			if !v.began(w) {
				continue
			}
			list = append(list, v.revived(v.f.names.text(actor), back, w, active[i-1], active[i]-active[i-1]))
		}
	}
	return slices.DeleteFunc(list, func(f Finding) bool { return f.Rule == "" })
}

func (v *view) revived(actor string, back first, w Window, last, gone int32) Finding {
	f := Finding{
		Rule: DormantRevival, Kind: "return", Severity: activitylog.Info, Subject: Subject{"user", actor}, Window: w, Raised: back.Time.Add(time.Microsecond),
		Observed: float64(gone), Bound: float64(v.c.Dormant.Days), Unit: "days without an act", Baseline: Baseline{Method: "last successful act", To: back.Time, Mature: true},
		Filter: activitylog.All(activitylog.ActedBy(actor), activitylog.Since(w.From), activitylog.Before(w.To), notAudit),
	}
	i, ok := slices.BinarySearchFunc(v.actors, actor, func(a *actorView, id string) int { return strings.Compare(a.id, id) })
	if !ok || !isHuman(v.actors[i].kind) {
		return Finding{}
	}
	var sum Sum
	sensitive := activitylog.ActionUnder(sensitiveActions...)
	from, to := quarterOf(w.From), quarterOf(w.To)
	for _, c := range v.actors[i].cells {
		ref := v.cells[c]
		if ref.key.quarter < from || ref.key.quarter >= to || ref.sum.Last.Time.Before(w.From) {
			continue
		}
		sum.add(&ref.sum)
		if sensitive.Match(&activitylog.Event{Action: v.f.names.text(ref.key.action)}) {
			f.Reasons = append(f.Reasons, "sensitive_action")
		}
	}
	slices.Sort(f.Reasons)
	f.Reasons = slices.Compact(f.Reasons)
	for _, m := range v.marks {
		if m.Actor == actor && m.Class&login != 0 && m.Outcome == activitylog.Success && !m.Time.Before(w.From) && m.Time.Before(w.To) &&
			m.Source != "" && !v.f.before(w.From, ofNetwork, actor, wider(m.Source)) {
			f.Reasons = append(f.Reasons, "new_network")
			break
		}
	}
	if len(f.Reasons) > 0 {
		f.Severity = activitylog.Medium
	}
	f.Score = min(100, int(gone)/2)
	f.events(&sum)
	f.affect(actor)
	f.Explanation = fmt.Sprintf("%s came back at %s UTC after %d days without any successful act, the last on %s, and did %s in the 24 hours since%s.",
		actor, clockOf(back.Time), gone, dayName(last), plural(int(sum.Count), "thing", "things"), because(f.Reasons))
	return f
}

// because puts reasons into words.
func because(reasons []string) string {
	words := map[string]string{
		"new_network": "from a network not seen before", "sensitive_action": "with acts on members, access, settings or data among them",
		"new_client": "with a program not seen before",
	}
	text := ""
	for _, r := range reasons {
		if words[r] != "" {
			text += ", " + words[r]
		}
	}
	return text
}
