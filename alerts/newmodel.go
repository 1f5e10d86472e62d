package alerts

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// judgeModels finds models that the organization never used before. What it used in its first days makes one inventory.
func judgeModels(v *view) []Finding {
	models := v.firstModels()
	learned := v.start.AddDate(0, 0, v.c.Models.Learning)
	var list []Finding
	var inventory []newModel
	providers, families := map[string]bool{}, map[[2]string]bool{}
	for _, m := range models {
		kind, severity := "version", activitylog.Info
		switch {
		case !providers[m.name.Provider]:
			kind, severity = "provider", activitylog.Medium
		case !families[[2]string{m.name.Provider, m.name.Family}]:
			kind, severity = "family", activitylog.Low
		}
		providers[m.name.Provider], families[[2]string{m.name.Provider, m.name.Family}] = true, true
		if m.first.Time.Before(learned) {
			inventory = append(inventory, m)
			continue
		}
		if m.first.Time.Before(v.from) || v.c.Live && m.first.Backfill {
			continue
		}
		list = append(list, v.modelFound(m, kind, severity))
	}
	if len(inventory) > 0 && !learned.After(v.at) && v.began(Window{v.start, learned}) {
		list = append(list, v.inventory(inventory, Window{v.start, learned}))
	}
	list = append(list, v.firstByUser(learned)...)
	return append(list, v.refusedModels(models)...)
}

type newModel struct {
	name  Model
	text  string
	first first
}

// firstModels are all models before the instant, in the order in which they came.
func (v *view) firstModels() []newModel {
	var list []newModel
	for k, f := range v.f.firsts {
		if k.dim == ofModel && f.Time.Before(v.at) {
			text := v.f.names.text(k.value)
			list = append(list, newModel{parseModel(text), text, f})
		}
	}
	slices.SortFunc(list, func(a, b newModel) int {
		return cmp.Or(a.first.Time.Compare(b.first.Time), cmp.Compare(a.text, b.text))
	})
	return list
}

// spelling is a model as events write it.
type spelling struct{ provider, model string }

// modelUse is what became of a model from its first event up to a moment.
type modelUse struct {
	sum       Sum
	users     map[string]float64
	spellings []spelling
}

// usage sums the events in w of the models that is accepts. Refused attempts are no use.
func (v *view) usage(w Window, is func(Model) bool) modelUse {
	u := modelUse{users: map[string]float64{}}
	type pair struct{ provider, model uint32 }
	ours := map[pair]bool{}
	from, to := quarterOf(w.From), quarterOf(w.To)
	for _, c := range v.cells {
		if c.key.model == 0 || c.key.quarter < from || c.key.quarter >= to || v.f.names.text(c.key.outcome) == string(activitylog.Denied) {
			continue
		}
		p := pair{c.key.provider, c.key.model}
		s := spelling{v.f.names.text(p.provider), v.f.names.text(p.model)}
		mine, ok := ours[p]
		if !ok {
			mine = is(CanonicalModel(s.provider, s.model))
			ours[p] = mine
			if mine {
				u.spellings = append(u.spellings, s)
			}
		}
		if mine {
			u.sum.add(&c.sum)
			u.users[v.f.names.text(c.key.actor)] += float64(c.sum.Count)
		}
	}
	slices.SortFunc(u.spellings, func(a, b spelling) int {
		return cmp.Or(cmp.Compare(a.provider, b.provider), cmp.Compare(a.model, b.model))
	})
	return u
}

// filter means the events of some spellings in a window.
func (u *modelUse) filter(w Window) activitylog.Filter {
	byProvider := map[string][]string{}
	for _, s := range u.spellings {
		byProvider[s.provider] = append(byProvider[s.provider], s.model)
	}
	var any []activitylog.Filter
	for _, p := range slices.Sorted(maps.Keys(byProvider)) {
		any = append(any, activitylog.All(activitylog.ProviderIs(p), activitylog.ModelIs(byProvider[p]...)))
	}
	return activitylog.All(activitylog.Any(any...), activitylog.Since(w.From), activitylog.Before(w.To), notRefused, notAudit)
}

var notRefused = activitylog.Not(activitylog.OutcomeIs(activitylog.Denied))

// adoption is how long after its first event a model's use is summed up.
const adoption = 24 * time.Hour

func (v *view) modelFound(m newModel, kind string, severity activitylog.Severity) Finding {
	w := Window{m.first.Time, timeOf(quarterOf(m.first.Time.Add(adoption)) + 1)}
	u := v.usage(w, func(x Model) bool { return x == m.name })
	users := slices.Sorted(maps.Keys(u.users))
	f := v.modelFinding(kind, severity, Subject{"model", m.text}, w, &u)
	f.Raised = m.first.Time.Add(time.Microsecond)
	if v.allowed(m) {
		f.Severity, f.Reasons = activitylog.Info, append(f.Reasons, "allowed")
	}
	what := map[string]string{
		"provider": "the first model of " + m.name.Provider, "family": "the first of its family " + m.name.Family, "version": "a new version of " + m.name.Family,
	}[kind]
	f.Explanation = fmt.Sprintf("%s was used for the first time, by %s at %s UTC: %s in this organization; by now %s in %s have used it.",
		m.first.Raw, nobody(m.first.Actor), m.first.Time.UTC().Format("15:04 on 2 January 2006"), what, plural(len(users), "actor", "actors"), plural(int(u.sum.Count), "event", "events"))
	return f
}

func nobody(actor string) string {
	if actor == "" {
		return "somebody who is not named"
	}
	return actor
}

func (v *view) allowed(m newModel) bool {
	return slices.ContainsFunc(v.c.Models.Allowed, func(a string) bool {
		return a == m.text || a == m.first.Raw || CanonicalModel("", a) == m.name
	})
}

func (v *view) modelFinding(kind string, severity activitylog.Severity, s Subject, w Window, u *modelUse) Finding {
	f := Finding{
		Rule: NewModels, Kind: kind, Severity: severity, Subject: s, Window: w, Observed: float64(u.sum.Count), Unit: "events",
		Score: 20 * rank(severity), Filter: u.filter(w), Baseline: Baseline{Method: "first seen since the log began", From: v.start, To: w.From, Mature: true},
	}
	f.events(&u.sum)
	delete(u.users, "")
	f.affect(slices.Collect(maps.Keys(u.users))...)
	f.contribute("user", u.users)
	return f
}

// inventory is the one finding about the models of the first days.
func (v *view) inventory(models []newModel, w Window) Finding {
	seen := map[Model]bool{}
	var names []string
	for _, m := range models {
		seen[m.name] = true
		names = append(names, m.text)
	}
	w = Window{w.From, timeOf(quarterOf(w.To) + 1)}
	u := v.usage(w, func(x Model) bool { return seen[x] })
	f := v.modelFinding("inventory", activitylog.Info, Subject{"org", v.c.Org}, w, &u)
	f.Observed, f.Unit, f.Raised, f.Baseline.Mature = float64(len(names)), "models", w.To, false
	f.Explanation = fmt.Sprintf("In its first %d days the organization used %s: %s; from then on a model is new that is none of them.", v.c.Models.Learning, plural(len(names), "model", "models"), some(names))
	return f
}

// firstByUser gives one digest for each day on which members used models that others knew already.
func (v *view) firstByUser(learned time.Time) []Finding {
	type use struct {
		user, model string
		first       first
	}
	byDay := map[int32][]use{}
	var days []int32
	for k, f := range v.f.firsts {
		if k.dim != ofUserModel || !f.Time.Before(v.at) || f.Time.Before(v.from) || f.Time.Before(learned) || v.c.Live && f.Backfill {
			continue
		}
		org, ok := v.f.firsts[firstKey{dim: ofModel, value: k.value}]
		if !ok || !org.Time.Before(f.Time) {
			continue // new to all
		}
		d := v.day(quarterOf(f.Time))
		if byDay[d] == nil {
			days = append(days, d)
		}
		byDay[d] = append(byDay[d], use{v.f.names.text(k.actor), v.f.names.text(k.value), f})
	}
	slices.Sort(days)
	var list []Finding
	for _, d := range days {
		uses := byDay[d]
		slices.SortFunc(uses, func(a, b use) int { return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.model, b.model)) })
		w := dayWindow(d, v.c.Zone)
		var users, pairs []string
		var ids []At
		for _, x := range uses {
			users = append(users, x.user)
			pairs = append(pairs, x.user+" ("+x.model+")")
			ids = append(ids, x.first.At)
		}
		slices.SortFunc(ids, func(a, b At) int {
			if a.before(b) {
				return -1
			}
			return 1
		})
		f := Finding{
			Rule: NewModels, Kind: "member", Severity: activitylog.Info, Subject: Subject{"org", v.c.Org}, Window: w, Observed: float64(len(uses)),
			Unit: "first uses", Baseline: Baseline{Method: "first seen since the log began", From: v.start, To: w.From, Mature: true},
			Filter: activitylog.IDIs(idsOf(ids)...), First: ids[0].ID, Last: ids[len(ids)-1].ID, Largest: ids[len(ids)-1].ID, Count: int64(len(ids)),
		}
		f.affect(users...)
		f.Explanation = fmt.Sprintf("On %s %s a model for the first time that others in the organization knew: %s.", dayName(d), plural(len(slices.Compact(users)), "member used", "members used"), some(pairs))
		list = append(list, f)
	}
	return list
}
